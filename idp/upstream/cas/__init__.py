"""A CAS server as a way in: we are one of its services (CAS Protocol 3.0).

Owns ``kind``. No tables, no addresses of its own.
"""
