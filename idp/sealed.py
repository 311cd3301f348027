"""Every place of every room where something is sealed, for re-sealing. A test holds that none is missing."""

from idp.keys.places import Place, sealed_columns
from idp.login.tables import Password
from idp.mail import queue as mail
from idp.notices import book as notices
from idp.schema import metadata
from idp.sms import queue as sms

PLACES: tuple[Place, ...] = (*sealed_columns(metadata), *mail.SEALED, *sms.SEALED, *notices.SEALED)

# Verifiers, which name the key of the purpose ``password`` that made them: only their people can have them made anew.
VERIFIER = Password.verifier
