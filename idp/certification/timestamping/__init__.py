"""Time-stamps (RFC 3161): the service of an authority with its ``keys``, and the ``stamps`` that it gives."""
