"""Collects the messages of the source into the catalogues, keeping what is translated, and compiles them."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def extracted() -> Catalog:
    """Every message of idp and cli, with where it stands."""
    catalogue = Catalog(project="yima")
    for room in ("idp", "cli"):
        found = extract_from_dir(ROOT / room, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS)
        for path, _, message, comments, context in found:
            catalogue.add(message, None, [(f"{room}/{path}", 0)], auto_comments=comments, context=context)
    return catalogue


def catalogues() -> list[Path]:
    """The translated catalogues' source files."""
    return sorted(ROOT.glob("idp/i18n/locales/*/LC_MESSAGES/*.po"))


def main() -> None:
    """Updates and compiles every catalogue; says what is left to translate."""
    template = extracted()
    for path in catalogues():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3])
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, no_location=True, sort_output=True, omit_header=False)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
        missing = [message.id for message in catalogue if message.id and not message.string]
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {len(missing)} to translate")
        for message in missing:
            print(f"  {message}")


if __name__ == "__main__":
    main()
