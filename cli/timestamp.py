"""``yima timestamp``: time-stamps (RFC 3161) of files, asked for, verified and shown with files alone."""

import gettext
import secrets
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.ca.record import FileNotReadable, read_certificates, read_file, read_list, write_file
from cli.frame import json_option
from cli.output import print_record
from idp.certification.timestamping.keys import check_policy
from idp.crypto.der import AlgorithmIdentifier
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.revocation import RevocationEvidence
from idp.crypto.x509.timestamp import MessageImprint, TimeStampInfo, TimeStampRequest, TimeStampResponse
from idp.crypto.x509.timestamp.imprint import NAMES, new
from idp.crypto.x509.timestamp.verify import check_response, check_token

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
NONCE_BITS = 64
TITLES = {
    "status": _("State"),
    "at": _("Time"),
    "accuracy_ms": _("Accuracy (ms)"),
    "authority": _("Authority"),
    "policy": _("Policy"),
    "serial": _("Serial number"),
    "digest_algorithm": _("Digest"),
    "digest": _("Value"),
    "root": _("SM3 fingerprint of the root"),
    "failures": _("Reason"),
    "question": _("Question"),
    "send": _("Send it by"),
}
_WORDS = {oid: name for name, oid in NAMES.items()}


@click.group(name="timestamp", help=_("Time-stamps of files: ask, verify, show."))
def command() -> None:
    """The group."""


@command.command(help=_("Write the question for a time-stamp of a file. The file itself goes nowhere, only its digest."))
@click.argument("file", type=FILE)
@click.option("--digest", type=click.Choice(list(NAMES)), default="sm3", show_default=True, help=_("The digest to stamp."))
@click.option("--policy", help=_("The object identifier of the policy to stamp under."))
@click.option("--out", type=FILE, required=True, help=_("Where the question is written (DER)."))
@click.option("--url", help=_("The address of the service, to print the command that sends the question."))
@json_option
def request(file: Path, digest: str, policy: str | None, out: Path, url: str | None, as_json: bool) -> None:
    """Writes it, and prints what sends it."""
    if policy is not None:
        check_policy(policy)
    imprint = _imprint(file, NAMES[digest])
    write_file(out, TimeStampRequest(imprint, policy, secrets.randbits(NONCE_BITS), certificate_wanted=True).encode())
    sending = (
        f'curl -sS -H "Content-Type: application/timestamp-query" --data-binary @{shlex.quote(str(out))} '
        f"{shlex.quote(url or 'https://HOST/ca/NAME/tsa')} -o {shlex.quote(str(out.with_suffix('.tsr')))}"
    )
    shown = {"digest_algorithm": digest, "digest": imprint.digest.hex(), "question": str(out), "send": sending}
    _print(shown, as_json)


@command.command(help=_("Verify the time-stamp of a file: who gave it, when, and that it is of this very file."))
@click.argument("response", type=FILE)
@click.argument("file", type=FILE)
@click.option("--trust", type=FILE, required=True, help=_("The root, as a file; the last certificate in it counts."))
@click.option("--request", "question", type=FILE, help=_("The question it answers, whose nonce and policy must be in it."))
@click.option("--crl", "lists", type=FILE, multiple=True, help=_("The list of each authority on the way, DER or PEM."))
@json_option
def verify(response: Path, file: Path, trust: Path, question: Path | None, lists: tuple[Path, ...], as_json: bool) -> None:
    """Verifies. Exit code 1 says that it does not hold, and the message why."""
    answer = TimeStampResponse.from_der(read_file(response))
    chain = read_certificates(trust)
    evidence = RevocationEvidence([read_list(one) for one in lists]) if lists else None
    rules = PathRules(at=datetime.now(UTC), revocation=evidence)
    token = answer.granted()
    if question is not None:
        check_response(answer, TimeStampRequest.from_der(read_file(question)), chain[-1], rules, others=chain)
    info = check_token(token, _imprint(file, token.info.imprint.algorithm.algorithm), chain[-1], rules, others=chain)
    root = chain[-1].fingerprint.hex()
    _print({"status": "good", **_record(info), "root": root, "revocation_checked": evidence is not None}, as_json)


@command.command(help=_("Show what stands in a time-stamp, without verifying it."))
@click.argument("response", type=FILE)
@json_option
def show(response: Path, as_json: bool) -> None:
    """Shows it, or why it was refused."""
    answer = TimeStampResponse.from_der(read_file(response))
    if answer.token is None:
        shown: dict[str, Any] = {"status": "refused", "failures": sorted(one.name for one in answer.failures)}
    else:
        shown = {"status": "not verified", **_record(answer.token.info)}
    _print(shown, as_json)


def _print(shown: dict[str, Any], as_json: bool) -> None:
    print_record(shown, {key: title for key, title in TITLES.items() if key in shown}, as_json=as_json)


def _record(info: TimeStampInfo) -> dict[str, Any]:
    return {
        "at": info.at.isoformat(),
        "accuracy_ms": info.accuracy.total_seconds() * 1000 if info.accuracy is not None else None,
        "authority": str(info.authority) if info.authority is not None else None,
        "policy": info.policy,
        "serial": f"{info.serial_number:x}",
        "digest_algorithm": _WORDS[info.imprint.algorithm.algorithm],
        "digest": info.imprint.digest.hex(),
    }


def _imprint(path: Path, algorithm: str) -> MessageImprint:
    """By parts: what is stamped may be larger than the memory."""
    state = new(algorithm)
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                state.update(part)
    except OSError:
        raise FileNotReadable(path=path) from None
    return MessageImprint(AlgorithmIdentifier(algorithm), state.digest())
