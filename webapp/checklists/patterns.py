"""Patterns that find an asset's checklist by its name: a small, harmless part of regular expressions.

A pattern comes from a file that somebody wrote. Python's matcher can take for ever on patterns such as (a+)+$; so
repeated groups, back references and look-arounds are refused, and at most two parts may repeat. Names are at most 200
characters, patterns 80: the worst pattern that is left takes milliseconds (tests/checklists/test_patterns.py).
"""

from __future__ import annotations

import re

from flask_babel import gettext as _

LONGEST_PATTERN = 80
MOST_REPEATS = 2

_ESCAPED = re.compile(r"\\.")
_CLASS = re.compile(r"\[[^\]]*\]")
_REPEAT = re.compile(r"[*+?{]")


def pattern_problem(pattern: str) -> str:
    """Why a pattern is refused, in the reader's language; empty when it is good."""
    if not 0 < len(pattern) <= LONGEST_PATTERN:
        return _("A pattern has 1 to %(n)s characters.", n=LONGEST_PATTERN)
    bare = _CLASS.sub("x", _ESCAPED.sub("x", pattern))
    if "(?" in bare or re.search(r"\\[1-9]", pattern):
        return _("“%(pattern)s”: look-arounds, flags and back references are not accepted.", pattern=pattern)
    if re.search(r"\)[*+?{]", bare):
        return _("“%(pattern)s”: a group may not be repeated; that can take for ever.", pattern=pattern)
    if len(_REPEAT.findall(bare)) > MOST_REPEATS:
        return _("“%(pattern)s”: at most %(n)s parts may repeat.", pattern=pattern, n=MOST_REPEATS)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return _("“%(pattern)s” is not a regular expression.", pattern=pattern)
    return ""
