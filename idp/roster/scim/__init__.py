"""SCIM 2.0 (RFC 7642, 7643, 7644): the roster as a service provider under ``/scim/v2``, for a school's own system.

``schema`` is the table of attributes that everything else reads: what is published, what comes in, what filters and patches may
name. ``filter`` parses, ``conditions`` turns a filter into SQL and ``matching`` applies one to a value. ``users`` and ``groups``
say what each resource is, ``resources`` what is done with either, ``bulk`` many of them, ``endpoints`` how it comes by HTTP.
"""
