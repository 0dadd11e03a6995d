"""`make bench`: measures the budgets of the project on this machine and prints them beside what was measured.

    python -m tests.bench [--only phone,server,documents] [--runs 5] [--write]

`--write` puts the table into docs/benchmarks.md. Nothing is asserted: clocks differ from machine to machine, so figures
are for people to read, and ratios within one run say more than seconds.
"""

from __future__ import annotations

import argparse
import sys

from tests.bench import documents, server_cases
from tests.bench.results import DOCUMENT, Others, about_this_machine, as_text, write
from tests.bench.stage import stage

PARTS = ("phone", "server", "documents")


def main() -> int:
    """Runs what was asked for; 0 also where a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"renew the table in {DOCUMENT.name}")
    asked = parser.parse_args()
    results, chromium, others = [], "", Others()
    if "phone" in asked.only:
        from tests.bench import phone_cases

        with stage() as made:
            chromium, results = phone_cases.measure(made, asked.runs)
    if "server" in asked.only:
        with stage(is_for_load=True) as made:
            results += server_cases.measure(made, asked.runs)
    if "documents" in asked.only:
        results += documents.measure()
    about = about_this_machine(chromium, others)
    print(*about, as_text(results), sep="\n")
    if asked.write:
        write(results, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
