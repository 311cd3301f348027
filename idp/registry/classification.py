"""The categories and provinces that institution codes are made of, read from ``data/``."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Category:
    """A category of institutions. ``levels`` are the levels that the national list gives to this category alone."""

    code: str
    zh: str
    en: str
    leading_zero: bool = False
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Province:
    """A province, or what ranks as one."""

    code: str
    zh: str
    en: str


@lru_cache
def categories() -> dict[str, Category]:
    """Every category by its two digits."""
    table = tomllib.loads((_DATA / "categories.toml").read_text(encoding="utf-8"))
    return {
        code: Category(code, row["zh"], row["en"], row.get("leading_zero", False), tuple(row.get("levels", ())))
        for code, row in table.items()
    }


@lru_cache
def provinces() -> dict[str, Province]:
    """Every province by its two digits."""
    table = tomllib.loads((_DATA / "provinces.toml").read_text(encoding="utf-8"))
    return {code: Province(code, row["zh"], row["en"]) for code, row in table.items()}


def category_of_level(level: str) -> str | None:
    """The one category whose institutions have this level in the national list; ``None`` if the level says nothing."""
    return next((category.code for category in categories().values() if level in category.levels), None)
