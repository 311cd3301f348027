"""The root of every error Yima raises.

Each room derives one family from :class:`YimaError`. A message is an English gettext id with ``%(name)s`` places; what fills
them is kept apart in ``params``, so that the edge (web page, command line, JSON) can say it in the reader's language.
"""

from typing import ClassVar


class YimaError(Exception):
    """An error with a text that may be shown to the person who caused it.

    ``message`` and ``params`` never carry a secret, nor text taken unchecked from a third party; what only the operator may
    know goes to ``detail``, which is logged and never shown. ``code`` is stable and part of the public interface.
    """

    code: ClassVar[str] = "error"
    default_message: ClassVar[str] = "Something went wrong."

    def __init__(self, message: str | None = None, /, *, detail: str | None = None, **params: object) -> None:
        self.message = message if message is not None else self.default_message
        self.params = params
        self.detail = detail
        super().__init__(self.message % params if params else self.message)
