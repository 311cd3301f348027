"""Names to bind with: a distinguished name (RFC 4514) or what Active Directory takes for one, with a person's values in it."""

import re
from collections.abc import Mapping

from idp.directory.filters import InvalidFilter, places
from idp.i18n import N_

MAX_NAME = 500
_PLACE = re.compile(r"\{([a-z]+)\}")
_SPECIAL = '"+,;<>\\='
_PLAIN = re.compile(r"[A-Za-z0-9._@+-]+")


def check_template(text: str) -> None:
    """A name with at least one place for a value. Raises :class:`InvalidFilter`."""
    if len(text) > MAX_NAME or "\x00" in text:
        raise InvalidFilter(N_("the name is too long"))
    if not places(text):
        raise InvalidFilter(N_("the name needs a place for the person, like uid={number},ou=people,dc=example,dc=edu,dc=cn"))


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """The name of this person; ``None`` where a value is missing or cannot stand in such a name."""
    wanted = [values.get(place[1], "") for place in _PLACE.finditer(template)]
    if not all(wanted):
        return None
    if "=" in template:
        return _PLACE.sub(lambda place: escaped(values[place[1]]), template)
    # user@domain and DOMAIN\user have no way to escape anything: what would need it is nobody's name.
    if not all(_PLAIN.fullmatch(value) for value in wanted):
        return None
    return _PLACE.sub(lambda place: values[place[1]], template)


def escaped(value: str) -> str:
    """A value as it stands in a distinguished name: RFC 4514 §2.4."""
    done = "".join(f"\\{character}" if character in _SPECIAL else character for character in value).replace("\x00", "\\00")
    if done.startswith(("#", " ")):
        done = "\\" + done
    if done.endswith(" ") and len(done) > 1:
        done = done[:-1] + "\\ "
    return done
