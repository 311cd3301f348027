"""Engines that outlive a test. SQLAlchemy compiles a statement once for each engine: with one of its own, every test compiled all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine


@dataclass
class KeptEngines:
    """One engine for each address of a database and each set of options."""

    _kept: dict[tuple[URL, str], Engine] = field(default_factory=dict)

    def create_engine(self, url: URL, **options: Any) -> Engine:
        """What the product calls instead of SQLAlchemy's own."""
        key = (url, repr(sorted(options.items())))
        if key not in self._kept:
            self._kept[key] = create_engine(url, **options)
        return self._kept[key]

    def disconnect(self) -> None:
        """Lets go of every connection, before the database behind them is put back."""
        for engine in self._kept.values():
            engine.dispose()


@contextmanager
def kept_engines() -> Iterator[KeptEngines]:
    """Engines are kept while the block runs."""
    engines = KeptEngines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("idp.database.engine.create_engine", engines.create_engine)
        yield engines
    engines.disconnect()
