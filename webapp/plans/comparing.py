"""What differs between two versions of a plan: added, removed, moved, other people. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.plans.lines import PlannedLine


@dataclass(frozen=True)
class Pair:
    """A line before and after."""

    old: PlannedLine
    new: PlannedLine


@dataclass(frozen=True)
class Difference:
    """All differences between two versions. A line with another day and other people stands in both lists."""

    added: tuple[PlannedLine, ...]
    removed: tuple[PlannedLine, ...]
    moved: tuple[Pair, ...]
    reassigned: tuple[Pair, ...]

    @property
    def is_none(self) -> bool:
        """Whether both versions say the same."""
        return not (self.added or self.removed or self.moved or self.reassigned)


def difference(old: Iterable[PlannedLine], new: Iterable[PlannedLine]) -> Difference:
    """Compares two versions by the keys of their lines; a line left out by hand counts as not there."""
    before = {line.key: line for line in old if not line.is_left_out}
    after = {line.key: line for line in new if not line.is_left_out}
    pairs = [Pair(before[key], after[key]) for key in before if key in after]
    return Difference(
        added=tuple(line for key, line in after.items() if key not in before),
        removed=tuple(line for key, line in before.items() if key not in after),
        moved=tuple(pair for pair in pairs if pair.old.day != pair.new.day),
        reassigned=tuple(pair for pair in pairs if _people(pair.old) != _people(pair.new)),
    )


def _people(line: PlannedLine) -> tuple[object, object]:
    return line.technician_id, line.supervisor_id
