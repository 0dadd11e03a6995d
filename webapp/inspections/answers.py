"""The answers of one document, each judged once: what is stored, what is missing, in the words of the form."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from webapp.checklists.models import ItemKind, LimitOverride
from webapp.checklists.published import PublishedItem
from webapp.checklists.rules import Bounds, Given, Judgement, Verdict, bounds, judge, problems
from webapp.inspections.queries import LastValue
from webapp.inspections.rules import Units, level_meant, unit_problems
from webapp.kit.language import local

# which field of the form a code of `checklists.rules.problems` belongs to
FIELD_OF = {"why": "why", "remedy": "remedy", "photo": "photo"}


@dataclass(frozen=True)
class Judged:
    """One item with what was given and the verdict on it."""

    item: PublishedItem
    given: Given
    bounds: Bounds
    judgement: Judgement
    why: str
    remedy: str
    level: str
    photos: Sequence[uuid.UUID]
    last: LastValue | None

    @property
    def is_given(self) -> bool:
        """Whether there is anything to store."""
        return self.given.na or bool(self.given.value) or bool(self.photos)

    @property
    def is_abnormal(self) -> bool:
        """Whether it needs a reason and a remedy."""
        return self.judgement.verdict is Verdict.ABNORMAL

    def facts(self) -> dict[str, Any]:
        """Why the verdict is what it is: limits and last value of that moment, as texts."""
        found: dict[str, Any] = {
            "reason": self.judgement.reason,
            "severity": self.judgement.severity,
            "excess": _text(self.judgement.excess),
            "low": _text(self.bounds.low),
            "high": _text(self.bounds.high),
            "low_from": self.bounds.low_from,
            "high_from": self.bounds.high_from,
            "previous": _text(self.bounds.previous),
            "previous_at": self.last.at.isoformat() if self.last else None,
        }
        return {name: value for name, value in found.items() if value}


def judged(
    items: Sequence[PublishedItem],
    answers: Mapping[str, Mapping[str, Any]],
    *,
    last: Mapping[str, LastValue],
    overrides: Mapping[str, LimitOverride],
    levels: Sequence[Mapping[str, Any]],
) -> list[Judged]:
    """Every item of a version with its answer, in order; those without an answer too."""
    return [_judged(item, answers.get(item.key, {}), last.get(item.key), overrides, levels) for item in items]


def missing(
    all_judged: Sequence[Judged], run_state: str | None, units: Units, *, are_photos_allowed: bool
) -> dict[str, list[str]]:
    """Field → what is missing or wrong there, in words that name the item; empty when the document is complete."""
    found: dict[str, list[str]] = {}
    for one in all_judged:
        codes = problems(one.item, one.given, one.judgement, one.why, one.remedy, are_photos_allowed=are_photos_allowed)
        for code in codes:
            found.setdefault(f"{FIELD_OF.get(code, 'a')}.{one.item.key}", []).append(_words(code, local(one.item)))
    if not run_state:
        found["run_state"] = [_("Running state: choose one.")]
    has_abnormal = any(one.is_abnormal for one in all_judged)
    for field, code in unit_problems(units, has_abnormal_answer=has_abnormal).items():
        found[field] = [_unit_words(field, code, units.total)]
    return found


def unknown_keys(items: Sequence[PublishedItem], answers: Mapping[str, Any]) -> list[str]:
    """Answered keys that the version does not have, in order."""
    known = {item.key for item in items}
    return sorted(key for key in answers if key not in known)


def photo_ids(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[uuid.UUID]:
    """The ids of all photos of a document, repeated ones too."""
    for answer in answers.values():
        yield from answer.get("photo", ())


def _judged(
    item: PublishedItem,
    answer: Mapping[str, Any],
    last: LastValue | None,
    overrides: Mapping[str, LimitOverride],
    levels: Sequence[Mapping[str, Any]],
) -> Judged:
    value = answer.get("value", "")
    is_na = bool(answer.get("na")) or (value == "na" and _has_na_button(item))
    photos = list(dict.fromkeys(answer.get("photo", ())))
    given = Given(value="" if is_na else value, na=is_na, photo_count=len(photos))
    limits = bounds(item, last.value if last else None, overrides.get(item.key))
    judgement = judge(item, given, limits)
    is_abnormal = judgement.verdict is Verdict.ABNORMAL
    remedy = answer.get("remedy", "") if is_abnormal else ""
    return Judged(
        item=item,
        given=given,
        bounds=limits,
        judgement=judgement,
        why=answer.get("why", "") if is_abnormal else "",
        remedy=remedy,
        level=level_meant(answer.get("level", ""), judgement.severity, levels) if remedy == "fault" else "",
        photos=photos,
        last=last,
    )


def _has_na_button(item: PublishedItem) -> bool:
    """Where the form offers "not applicable" beside the other answers; a text "na" is a text."""
    if item.kind == ItemKind.CHOICE:
        return all(option["value"] != "na" for option in item.options)
    return item.kind == ItemKind.PASS_FAIL


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _words(code: str, item: str) -> str:
    return {
        "answer": _("%(item)s: give an answer.", item=item),
        "number": _("%(item)s: give a plain number such as 61.5.", item=item),
        "option": _("%(item)s: choose one of the answers.", item=item),
        "na": _("%(item)s: “not applicable” is not possible here.", item=item),
        "why": _("%(item)s: say why it is abnormal.", item=item),
        "remedy": _("%(item)s: choose fixed on the spot, fault or hazard.", item=item),
        "photo": _("%(item)s: take a photo.", item=item),
    }[code]


def _unit_words(field: str, code: str, total: int) -> str:
    if field == "units_reason":
        return _("Units: say why not all %(n)s were checked.", n=total)
    return {
        "answer": _("Units: say how many of the %(n)s were checked.", n=total),
        "range": _("Units: give a number from 1 to %(n)s.", n=total),
        "which": _("Units: mark which one is abnormal."),
        "item": _("Units: you marked one as abnormal; say at which item."),
        "more": _("Units: more are marked abnormal than were checked."),
    }[code]
