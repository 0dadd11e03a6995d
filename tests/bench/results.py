"""What was measured, beside its budget, as a table for people."""

from __future__ import annotations

import os
import platform
import subprocess
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


def about_this_machine(chromium: str = "") -> list[str]:
    """Lines that say where, when and of what the figures are."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return [
        f"machine: {_cpu()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}; Chromium {chromium or 'not used'}",
        f"load of the machine over the minute before: {os.getloadavg()[0]:.1f} (others at work make figures worse)",
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


def _git(*words: str) -> str:
    try:
        said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
