"""Fields of a form or a query, one at a time."""

from werkzeug.datastructures import MultiDict

from idp.sso.saml.bindings import MAX_ENCODED
from idp.sso.saml.errors import MessageRefused


def only(values: MultiDict[str, str], name: str) -> str:
    """The one value of a field, empty where there is none.

    Raises :class:`MessageRefused` for one that comes twice, is too large or holds a null byte: two readers must not see two
    messages, and PostgreSQL takes no such text.
    """
    found = values.getlist(name)
    if len(found) > 1:
        raise MessageRefused(detail=f"{name} twice")
    value = found[0] if found else ""
    if len(value) > MAX_ENCODED or "\0" in value:
        raise MessageRefused(detail=name)
    return value
