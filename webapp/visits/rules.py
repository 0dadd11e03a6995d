"""Who signs a sheet in which capacity, what a signature covers, and in which state a row stands. See docs/decisions."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
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


def named_in(text: str) -> tuple[uuid.UUID, str]:
    """The id and digest of a cover. Raises ValueError for a text that is none."""
    name, _colon, digest = text.partition(":")
    return uuid.UUID(name), digest


def covers_digest(covers: Iterable[str]) -> str:
    """SHA-256 over all that a signature covers, in whatever order it was listed."""
    return sha256_hex("\n".join(sorted(set(covers))))


class Obstacle(enum.StrEnum):
    """Why what was signed without network can become no sheet."""

    SEALED = "sealed"  # something of it is on a sealed sheet already
    SIGNED_DIFFERENTLY = "signed_differently"  # somebody else signed for more, or for less


@dataclass(frozen=True)
class OpenSheet:
    """A sheet of one technician's day, as the division needs it; `entries` are inspections and reasons."""

    id: uuid.UUID
    number: int
    entries: frozenset[uuid.UUID]
    is_sealed: bool = False
    is_signed: bool = False
    was_signed: bool = False  # it carries a signature that its signer objected to


@dataclass(frozen=True)
class Division:
    """How a day's sheets are divided, so that one of them holds exactly what was signed."""

    target: uuid.UUID
    brought: frozenset[uuid.UUID]  # entries of other sheets that come to it
    left: frozenset[uuid.UUID]  # its entries that were not shown: they go to a further sheet
    emptied: tuple[uuid.UUID, ...]  # sheets on which nothing is left, not even an old signature


def divide(sheets: Sequence[OpenSheet], covered: AbstractSet[uuid.UUID]) -> Division | Obstacle:
    """Which sheet of the day the signature goes under. `covered` is not empty, and each of it is on one of the sheets.

    A sheet that is signed already is never touched: a second signature must cover exactly what the first one does.
    """
    holding = [each for each in sheets if each.entries & covered]
    if any(each.is_sealed for each in holding):
        return Obstacle.SEALED
    if any(each.is_signed for each in holding) and (len(holding) > 1 or holding[0].entries != covered):
        return Obstacle.SIGNED_DIFFERENTLY
    target = min(holding, key=lambda each: (not each.was_signed, each.number))
    return Division(
        target=target.id,
        brought=frozenset(covered - target.entries),
        left=target.entries - covered,
        emptied=tuple(
            each.id for each in holding if each is not target and each.entries <= covered and not each.was_signed
        ),
    )


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
