"""``yima token verify``: a token of any school, by files alone, without an installation."""

import gettext
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.ca.record import FileNotReadable, read_certificates, read_file, read_list
from cli.frame import json_option
from cli.output import print_record
from idp.crypto import base64url
from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.jose.strict_json import read_object
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.revocation import RevocationEvidence
from idp.crypto.x509.token_signer import check_token_signer
from idp.errors import YimaError
from idp.i18n import N_
from idp.keys import chains

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
TITLES = {
    "issuer": _("Issuer"),
    "subject": _("Subject"),
    "signed_by": _("Certificate of the key"),
    "root": _("SM3 fingerprint of the root"),
    "expires_at": _("Valid until"),
}


class KeyWithoutChain(YimaError):
    """The key set shows no certificates for the key, or does not have it."""

    code = "cli.token.chain"
    default_message = N_("The key set has no key %(kid)s with certificates. Was the right key set saved, and a moment ago?")


class TokenOver(YimaError):
    """It has expired."""

    code = "cli.token.over"
    default_message = N_("The token is genuine, but was good until %(at)s only.")


@click.group(name="token", help=_("Tokens: verify one of any school, by files."))
def command() -> None:
    """The group."""


@command.command(help=_("Verify a token signed with SM2: its key by the certificates in the key set, up to a root that you trust."))
@click.argument("file", type=FILE)
@click.option("--keys", type=FILE, required=True, help=_("The key set of the issuer, saved from its jwks_uri."))
@click.option("--trust", type=FILE, required=True, help=_("The root, as a file; the last certificate in it counts."))
@click.option("--crl", "lists", type=FILE, multiple=True, help=_("The list of each authority on the way, DER or PEM."))
@json_option
def verify(file: Path, keys: Path, trust: Path, lists: tuple[Path, ...], as_json: bool) -> None:
    """Verifies. Exit code 1 says that it does not hold, and the message why. For whom it is, is not looked at."""
    now, token, root = datetime.now(UTC), _text(file), read_certificates(trust)[-1]
    jwk = _key_of(token, keys)
    path = [one for one in (Certificate(der) for der in chains.certificates_in(jwk)) if one != root]
    if not path or path[0].public_key != SM2Key.from_jwk(jwk).public_key:
        raise KeyWithoutChain(kid=jwk["kid"])
    claims = jwt.decode(token, KeySet([jwk]), algorithms=(SM2_ALGORITHM,)).claims
    issuer, expires = claims.get("iss"), claims.get("exp")
    if not isinstance(issuer, str) or not isinstance(expires, int):
        raise InvalidToken(detail="no issuer, or no end")
    evidence = RevocationEvidence([read_list(one) for one in lists]) if lists else None
    check_token_signer(path, root, issuer, PathRules(at=now, revocation=evidence))
    until = datetime.fromtimestamp(expires, UTC)
    if until <= now:
        raise TokenOver(at=until.isoformat())
    shown = {
        "issuer": issuer,
        "subject": claims.get("sub"),
        "signed_by": str(path[0].subject),
        "root": root.fingerprint.hex(),
        "expires_at": until.isoformat(),
        "revocation_checked": evidence is not None,
        "claims": dict(claims),
    }
    print_record(shown, TITLES, as_json=as_json)
    if not as_json and evidence is None:
        click.echo(_("Whether it was revoked was not checked: give the lists with --crl."))


def _text(path: Path) -> str:
    try:
        return read_file(path).decode("ascii").strip()
    except UnicodeDecodeError:
        raise FileNotReadable(path=path) from None


def _key_of(token: str, key_set: Path) -> dict[str, Any]:
    try:
        keys = read_object(read_file(key_set))["keys"]
        kid = json.loads(base64url.decode(token.split(".")[0]))["kid"]
        found = next(one for one in keys if one["kid"] == kid and one.get("crv") == "SM2")
    except (YimaError, ValueError, KeyError, TypeError):
        raise InvalidToken(detail="not a token, or not a key set") from None
    except StopIteration:
        raise KeyWithoutChain(kid=str(kid)[:64]) from None
    return dict(found)
