"""Platforms that speak something like OAuth 2.0, each in its own words, by a description of them instead of code for each.

Owns ``description`` (what can be said of a platform), ``templates`` (filling in), ``calls`` (asking it), ``presets`` (descriptions
that are shipped, ``presets/*.toml``), ``kind`` (the way out and back). No tables, no addresses of its own.
"""
