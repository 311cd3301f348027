"""The Flask glue that every room with pages shares: context, language, forgery protection, headers, errors, the base page.

Owns ``templates/base.html``, ``templates/error.html``, ``static/`` and the address ``/language``. Holds no rule and no table.
"""
