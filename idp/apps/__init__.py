"""The register of information systems: which apps there are, whose they are, what for, and which data they may receive.

Owns the table ``app``, registered once for every protocol an app speaks. Does not know addresses, secrets or protocols: each
protocol's room keeps what it needs under the app's id.
"""
