"""Pure decisions about free notes: what was read from a label, which photo rule holds, what is odd."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from webapp.sites.models import PhotoRule

_STRICTNESS = (PhotoRule.ALLOWED, PhotoRule.CLOSE_UP, PhotoRule.FORBIDDEN)


class Flag(enum.StrEnum):
    """Odd things for the office. They never keep a note out: nobody is there any more to repair it."""

    UNKNOWN_LABEL = "unknown_label"
    REPLACED_LABEL = "replaced_label"
    PHOTO_FORBIDDEN = "photo_forbidden"
    REUSED_PHOTO = "reused_photo"


@dataclass(frozen=True)
class Facts:
    """What the flags are decided from."""

    has_label: bool
    is_label_known: bool
    is_label_replaced: bool
    has_forbidden_photo: bool
    has_reused_photo: bool


def flags(facts: Facts) -> list[str]:
    """The flags of a note, in the order of the enum."""
    is_set = {
        Flag.UNKNOWN_LABEL: facts.has_label and not facts.is_label_known,
        Flag.REPLACED_LABEL: facts.is_label_replaced,
        Flag.PHOTO_FORBIDDEN: facts.has_forbidden_photo,
        Flag.REUSED_PHOTO: facts.has_reused_photo,
    }
    return [flag.value for flag in Flag if is_set[flag]]


def token_in(label: str) -> str:
    """The token in what a scanner read: the end of a label's address, or the text itself."""
    return label.rstrip("/").rpartition("/")[2]


def strictest(rules: Iterable[str]) -> PhotoRule:
    """The photo rule for a place that may be any of several; photos are allowed where there is no rule at all."""
    return max((PhotoRule(rule) for rule in rules), key=_STRICTNESS.index, default=PhotoRule.ALLOWED)
