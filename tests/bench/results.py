"""What was measured, beside its budget, as a table for people."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from webapp.config import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table: written by `make bench WRITE=1` -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Result:
    """One line of the table. `is_ok` is None where there is no budget for it."""

    group: str
    case: str
    budget: str
    measured: str
    is_ok: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "over", None: ""}[self.is_ok]


def at_most(group: str, case: str, limit: float, values: Sequence[float], unit: str, *, digits: int = 0) -> Result:
    """The median against a limit from above; the spread is told where there were several runs."""
    return Result(group, case, f"≤ {limit:g} {unit}", _shown(values, unit, digits), median(values) <= limit)


def at_least(group: str, case: str, limit: float, values: Sequence[float], unit: str, *, digits: int = 0) -> Result:
    """The median against a limit from below."""
    return Result(group, case, f"≥ {limit:g} {unit}", _shown(values, unit, digits), median(values) >= limit)


def plain(group: str, case: str, values: Sequence[float], unit: str, *, digits: int = 0) -> Result:
    """A figure without a budget, to understand another one by."""
    return Result(group, case, "", _shown(values, unit, digits))


def failed(group: str, case: str, why: str) -> Result:
    """A case that could not be measured."""
    return Result(group, case, "", f"not measured: {why}", False)


class Others:
    """How much of the processors went to others while the benchmark ran: its figures are worth less then."""

    def __init__(self) -> None:
        self.began, self.busy, self.own = time.monotonic(), _busy_seconds(), _own_seconds()

    def share(self) -> float:
        """0: the machine was ours alone; 1: others had all of it. Processes of ours count once they have ended."""
        theirs = _busy_seconds() - self.busy - (_own_seconds() - self.own)
        return max(0.0, theirs / (time.monotonic() - self.began) / (os.cpu_count() or 1))


def about_this_machine(chromium: str, others: Others) -> list[str]:
    """Lines that say where, when and of what the figures are."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return [
        f"machine: {_cpu()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}; Chromium {chromium or 'not used'}",
        f"others took {others.share():.0%} of the processors meanwhile",
        f"when: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; commit {_git('rev-parse', '--short', 'HEAD') or 'unknown'}"
        f"{' with changes' if changed else ''}",
    ]


def as_markdown(results: Sequence[Result]) -> str:
    """The results as tables, one for each group."""
    lines: list[str] = []
    for group in dict.fromkeys(one.group for one in results):
        lines += ["", f"**{group}**", "", "| case | budget | measured | |", "|---|---|---|---|"]
        lines += [f"| {o.case} | {o.budget} | {o.measured} | {o.verdict} |" for o in results if o.group == group]
    return "\n".join(lines[1:])


def as_text(results: Sequence[Result]) -> str:
    """The results in columns, for a terminal."""
    widths = [max(len(row[at]) for row in map(_cells, results)) for at in range(3)]
    lines: list[str] = []
    for group in dict.fromkeys(one.group for one in results):
        lines += ["", group]
        for cells in (_cells(one) for one in results if one.group == group):
            columns = (cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
            lines.append(f"  {'  '.join(columns)}  {cells[3]}")
    return "\n".join(lines)


def write(results: Sequence[Result], about: Sequence[str], path: Path = DOCUMENT) -> None:
    """Puts the table of this run between the two marks of the document; the rest of it is written by people."""
    text = path.read_text(encoding="utf-8")
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    said = "\n".join(f"- {line}" for line in about)
    path.write_text(f"{head}{BEGIN}\n\n{said}\n\n{as_markdown(results)}\n\n{END}{tail}", encoding="utf-8")


def _cells(one: Result) -> tuple[str, str, str, str]:
    return one.case, one.budget, one.measured, one.verdict


def _shown(values: Sequence[float], unit: str, digits: int) -> str:
    middle = f"{median(values):.{digits}f} {unit}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}–{max(values):.{digits}f}, {len(values)} runs)"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _busy_seconds() -> float:
    """Of all processors since the machine began."""
    user, nice, system, _idle, _waiting, *interrupts = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Of this process and of all that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _git(*words: str) -> str:
    try:
        said = subprocess.run(
            ["git", "--no-optional-locks", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
