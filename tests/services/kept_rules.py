"""URL rules whose builders outlive a test. Werkzeug writes and compiles two functions for each of over two hundred rules, for every application."""

from collections.abc import Callable
from typing import ClassVar

from werkzeug.routing import Rule


class KeptRule(Rule):
    """A rule as any other. A builder depends on nothing but the text of its rule and its defaults: it is handed the rule itself."""

    _builders: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]
