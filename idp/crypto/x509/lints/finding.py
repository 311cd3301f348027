"""One finding, and the refusal that carries all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.crypto.x509.errors import RequestRefused


@dataclass(frozen=True, slots=True)
class Finding:
    """What a lint found: its name, which is stable, and the clause it rests on."""

    lint: str
    clause: str

    def __str__(self) -> str:
        return f"{self.lint} ({self.clause})"


class Refused(RequestRefused):
    """The refusal with its findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings=", ".join(map(str, findings)))
        self.findings = tuple(findings)
