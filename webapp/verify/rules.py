"""What a check of a seal can find, and how it is said. Pure: contents in, words out."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from webapp.kit.language import language
from webapp.seals.rules import Difference


class Verdict(enum.StrEnum):
    """What a check says of one seal; the worst that was found counts."""

    UNCHANGED = "unchanged"
    SEAL_BROKEN = "seal_broken"  # the stored text is not the one that was sealed, or the chain is torn
    CONTENT_DIFFERS = "content_differs"  # the live record is not what was sealed
    FILE_DIFFERS = "file_differs"  # a photo or signature on disk is not the one that was sealed


class Kind(enum.StrEnum):
    """What is wrong, for programs."""

    DIGEST = "digest"
    PREVIOUS = "previous"
    NUMBER = "number"
    MISSING_SEAL = "missing_seal"
    MISSING_RECORD = "missing_record"
    CONTENT = "content"
    FILE = "file"
    MISSING_FILE = "missing_file"


_VERDICTS = {
    Kind.CONTENT: Verdict.CONTENT_DIFFERS,
    Kind.MISSING_RECORD: Verdict.CONTENT_DIFFERS,
    Kind.FILE: Verdict.FILE_DIFFERS,
    Kind.MISSING_FILE: Verdict.FILE_DIFFERS,
}


@dataclass(frozen=True)
class Break:
    """One thing that is wrong, in words that name the record."""

    kind: Kind
    text: str


def verdict_of(breaks: Sequence[Break]) -> Verdict:
    """The verdict over all breaks of one seal: a broken seal outweighs content, content outweighs files."""
    found = {_VERDICTS.get(each.kind, Verdict.SEAL_BROKEN) for each in breaks}
    for verdict in (Verdict.SEAL_BROKEN, Verdict.CONTENT_DIFFERS, Verdict.FILE_DIFFERS):
        if verdict in found:
            return verdict
    return Verdict.UNCHANGED


def difference_in_words(content: Any, difference: Difference) -> str:
    """Which part of the record is not as it was sealed: "Antenna › Pointing time › value: sealed 342, now 341"."""
    place = path_in_words(content, difference.path)
    if difference.sealed is None:
        return _("%(place)s: not there when sealed, now %(now)s", place=place, now=_short(difference.present))
    if difference.present is None:
        return _("%(place)s: sealed %(then)s, now missing", place=place, then=_short(difference.sealed))
    then, now = _short(difference.sealed), _short(difference.present)
    return _("%(place)s: sealed %(then)s, now %(now)s", place=place, then=then, now=now)


def path_in_words(content: Any, path: Sequence[str]) -> str:
    """A path with names instead of ids, as far as the sealed content knows them."""
    words, here = [], content
    for step in path:
        here = _inside(here, step)
        words.append(_name_of(here) or part_name(step))
    return " › ".join(words)


def part_name(step: str) -> str:
    """The word for a key of a content; a key without a word stays as it is."""
    return {
        "inspections": _("inspections"),
        "answers": _("answers"),
        "photos": _("photos"),
        "signatures": _("signatures"),
        "objections": _("objections"),
        "brought_by": _("device of"),
        "confirmed_at": _("time of confirming"),
        "omissions": _("not reached"),
        "returns": _("returns"),
        "value": _("value"),
        "verdict": _("verdict"),
        "why": _("reason"),
        "remedy": _("remedy"),
        "level": _("level"),
        "items": _("questions of the checklist"),
        "signed_at": _("time of signing"),
        "finished_at": _("time"),
        "sha256": _("digest of the file"),
        "name": _("name"),
    }.get(step, step)


def _inside(here: Any, step: str) -> Any:
    if isinstance(here, Mapping):
        return here.get(step)
    if isinstance(here, list):
        for place, entry in enumerate(here, 1):
            names = {str(entry.get("id")), str(entry.get("key"))} if isinstance(entry, dict) else set()
            if step in names or step == str(place):
                return entry
    return None


def _name_of(here: Any) -> str:
    """The name a part of a content carries: its own, or that of the asset it is about."""
    if not isinstance(here, Mapping):
        return ""
    if isinstance(here.get("asset"), Mapping):
        return _name_of(here["asset"])
    if "capacity" in here:
        return f"{here['capacity']} {here.get('name', '')}".strip()
    printed = here.get("printed")
    if not isinstance(printed, Mapping):
        return ""
    known = printed.get("name") or printed.get(language()) or printed.get("zh") or ""
    return f"{printed.get('code', '')} {known}".strip()


def _short(value: Any) -> str:
    text = str(value)
    return f"“{text[:80]}…”" if len(text) > 80 else f"“{text}”"
