"""What the demo must know again at its next run: passwords, one-time code secrets, app secrets. Made anew for each installation."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class DemoPerson:
    """A sign-in of the demo. Only one of password and activation code is set; neither for a child that does not sign in."""

    key: str
    name: str
    story: str
    number: str
    password: str = ""
    totp_secret: str = ""
    activation_code: str = ""


@dataclass
class DemoApp:
    """An app of the demo."""

    key: str
    name: str
    story: str
    url: str
    client_id: str
    client_secret: str


@dataclass
class Memory:
    """Everything that the demo remembers."""

    people: list[DemoPerson] = field(default_factory=list)
    apps: list[DemoApp] = field(default_factory=list)

    def person(self, key: str) -> DemoPerson | None:
        """The person with this key or number."""
        return next((person for person in self.people if key in (person.key, person.number)), None)


def load(home: Path) -> Memory | None:
    """What an earlier run left; ``None`` before the first."""
    path = home / "demo.json"
    if not path.is_file():
        return None
    values = json.loads(path.read_text(encoding="utf-8"))
    return Memory([DemoPerson(**row) for row in values["people"]], [DemoApp(**row) for row in values["apps"]])


def save(home: Path, memory: Memory) -> None:
    """Keeps it, readable by its owner only, whole or not at all."""
    path = home / "demo.json"
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(memory), file, ensure_ascii=False, indent=2)
    draft.replace(path)
