"""Who receives data, as consent and its page need to know it, whatever the protocol."""

from collections.abc import Mapping
from typing import Protocol


class Recipient(Protocol):
    """An approved app. ``reasons`` say for what it needs a scope; ``sector`` is within which a person has one pairwise name;
    ``trusted`` is one of the school's own.
    """

    @property
    def id(self) -> str: ...  # noqa: D102 - said above

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def owner(self) -> str: ...  # noqa: D102

    @property
    def purpose(self) -> str: ...  # noqa: D102

    @property
    def reasons(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def sector(self) -> str: ...  # noqa: D102

    @property
    def trusted(self) -> bool: ...  # noqa: D102
