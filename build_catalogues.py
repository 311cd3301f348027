"""Compiles the message catalogues when the package is built or installed, so that no binary lies in the repository."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before hatchling packs the files, for a wheel and for an editable install alike."""

    def initialize(self, *_: Any) -> None:
        """Writes a .mo beside every .po."""
        compile_catalogues(Path(self.root))


def compile_catalogues(root: Path) -> None:
    """Writes a .mo beside every .po under ``root/idp/i18n``."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in root.glob("idp/i18n/locales/*/LC_MESSAGES/*.po"):
        with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, read_po(po))
