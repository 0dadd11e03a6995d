"""Who signs a sheet in which capacity, what a signature covers, and in which state a row stands. See docs/decisions."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from webapp.kit.canonical import sha256_hex


class Capacity(enum.StrEnum):
    """In which capacity somebody signs a sheet."""

    INSPECTOR = "inspector"  # the technician of the visit (巡检人)
    SUPERVISOR = "supervisor"  # the bureau's supervisor or contact (R6, R7)
    HANDOVER = "handover"  # the person who takes over (交接人, R13)


class RowState(enum.StrEnum):
    """How one inspection stands on its sheet."""

    ABNORMAL = "abnormal"
    OK = "ok"
    RETURNED = "returned"  # sent back, counts as not done (R7)
    REPLACED = "replaced"  # a newer inspection stands in its place


def capacities(signatures_needed: int) -> tuple[Capacity, ...]:
    """The signatures a sheet of the site may carry, in the order of the paper form."""
    second = Capacity.HANDOVER if signatures_needed == 2 else Capacity.SUPERVISOR
    return (Capacity.INSPECTOR, second)


def needed(signatures_needed: int) -> frozenset[Capacity]:
    """The signatures without which a sheet is not sealed: inspector and handover, or the supervisor alone."""
    if signatures_needed == 2:
        return frozenset({Capacity.INSPECTOR, Capacity.HANDOVER})
    return frozenset({Capacity.SUPERVISOR})


def is_complete(signed: Iterable[str], signatures_needed: int) -> bool:
    """Whether these signatures seal a sheet."""
    return needed(signatures_needed) <= set(signed)


def may_sign(
    capacity: Capacity,
    signatures_needed: int,
    *,
    is_technician: bool,
    may_supervise: bool,
    may_take_over: bool,
) -> bool:
    """Whether a person may sign in this capacity. Nobody accepts or takes over the own work."""
    if capacity not in capacities(signatures_needed):
        return False
    if capacity is Capacity.INSPECTOR:
        return is_technician
    return not is_technician and (may_supervise if capacity is Capacity.SUPERVISOR else may_take_over)


def row_state(verdict: str, *, is_returned: bool, is_replaced: bool) -> RowState:
    """How an inspection stands; being replaced outweighs being returned, which outweighs its verdict."""
    if is_replaced:
        return RowState.REPLACED
    if is_returned:
        return RowState.RETURNED
    return RowState.ABNORMAL if verdict == "abnormal" else RowState.OK


@dataclass(frozen=True)
class SheetChange:
    """How many entries of a sheet came, or went, after somebody looked at it."""

    arrived: int
    gone: int


def cover(record_id: uuid.UUID, digest: str) -> str:
    """What a signature names of one entry of the sheet: its id and the digest of its content."""
    return f"{record_id}:{digest}"


def omission_cover(record_id: uuid.UUID, asset_id: uuid.UUID, reason: str) -> str:
    """The same for a reason why an asset was not reached."""
    return cover(record_id, sha256_hex(f"{asset_id}\n{reason}"))


def change_since(shown: Collection[str], present: Collection[str]) -> SheetChange | None:
    """What changed on a sheet between looking and signing; None when the signer saw exactly what is here."""
    if set(shown) == set(present):
        return None
    return SheetChange(arrived=len(set(present) - set(shown)), gone=len(set(shown) - set(present)))


def text_width(text: str) -> int:
    """Width of a printed text in half characters: a Chinese character is two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def lines_needed(text: str, width: int) -> int:
    """How many printed lines of `width` half characters a text takes, words broken anywhere; at least one."""
    return sum(max(1, -(-text_width(part) // width)) for part in text.split("\n")) if text else 1


def into_pages(heights: Sequence[int], first: int, others: int, last_reserve: int) -> list[int]:
    """How many rows go on each page of a paper sheet.

    `first` and `others` are the lines a page holds; the last page keeps `last_reserve` lines free for the signatures.
    A row higher than a page gets a page of its own.
    """
    pages: list[int] = []
    rows, used = 0, 0
    for height in heights:
        room = others if pages else first
        if rows and used + height > room:
            pages.append(rows)
            rows, used = 0, 0
        rows, used = rows + 1, used + height
    room = others if pages else first
    if rows > 1 and used + last_reserve > room:
        pages.append(rows - 1)
        rows = 1
    return [*pages, rows]
