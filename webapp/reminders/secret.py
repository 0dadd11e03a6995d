"""A text that shows itself to nobody by accident: not in a page, a log, a traceback, or a database error."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

HIDDEN = "…"


@dataclass(frozen=True, repr=False)
class Secret:
    """An address with a key in it, or a key. Only `reveal` gives it away; drawn or logged it is three dots."""

    _text: str

    def reveal(self) -> str:
        """The text itself, for the one who sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return HIDDEN if self._text else "''"


class _Unseen(str):
    """What the driver gets: the text, which database errors and the echo of statements print as three dots."""

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN


class SecretText(TypeDecorator[Secret]):
    """A column of secrets. They stand in the database as they are: the sender needs them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Secret | None, dialect: Dialect) -> str | None:
        return None if value is None else _Unseen(value.reveal())

    def process_result_value(self, value: str | None, dialect: Dialect) -> Secret | None:
        return None if value is None else Secret(value)
