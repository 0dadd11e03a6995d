"""The form of one asset as it is drawn: each item with its limits, last reading, and what is in it already.

The page made of it holds nothing that is good for one time only, so that it can be kept on a phone and used later.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from webapp.assets.models import Asset, AssetStatus
from webapp.checklists import queries as checklists
from webapp.checklists.models import ItemKind
from webapp.checklists.published import PublishedItem, PublishedVersion
from webapp.checklists.rules import Bounds, bounds
from webapp.faults.models import Finding
from webapp.faults.queries import open_findings_of_asset
from webapp.inspections import queries
from webapp.inspections.actions import photo_rule_of
from webapp.inspections.models import Answer, Inspection, Return
from webapp.inspections.queries import LastAbnormal, LastValue
from webapp.inspections.rules import proposed_level
from webapp.inspections.schemas import PARTS, grouped
from webapp.kit.charts import trend
from webapp.kit.clock import local_day
from webapp.kit.language import local, month_name
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.models import PhotoRule
from webapp.sites.rules import Right

TREND_LENGTH = 6


@dataclass(frozen=True)
class Entry:
    """One item of the form."""

    item: PublishedItem
    bounds: Bounds
    last: LastValue | None
    last_on: date | None
    abnormal: LastAbnormal | None  # what was wrong here the last time
    abnormal_on: date | None
    trend: Markup
    level: str  # the level proposed for a fault, or the one chosen already
    given: Mapping[str, Any]  # value, na, why, remedy, photo as in AnswerSchema
    old: Answer | None  # the answer of the record that is done again
    returns: Sequence[Return]  # why the bureau sent this item back
    problems: Mapping[str, Sequence[str]]  # part of the item ("a", "why", …) → messages

    @property
    def is_photo_due(self) -> bool:
        """Whether a photo is due whatever the answer is."""
        return self.item.photo == "always" or (self.item.kind == ItemKind.PHOTO and self.item.is_required)


@dataclass(frozen=True)
class Form:
    """The whole form. `values` are the fields that belong to no item."""

    asset: Asset
    version: PublishedVersion
    entries: Sequence[Entry]
    photo_rule: PhotoRule
    open_findings: Sequence[Finding]
    again: Inspection | None
    replaced_by: Inspection | None
    values: MultiDict[str, Any]
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_retired(self) -> bool:
        """Whether the asset is out of the list."""
        return self.asset.status == AssetStatus.RETIRED

    @property
    def whole_returns(self) -> list[Return]:
        """Why the bureau sent the whole record back."""
        return [one for one in self.again.returns if not one.item_key] if self.again else []


@dataclass(frozen=True)
class Known:
    """What the forms of some assets are drawn from, loaded for all of them together; each by asset id."""

    versions: Mapping[uuid.UUID, PublishedVersion]  # an asset without a fitting checklist is left out
    last: Mapping[uuid.UUID, Mapping[str, LastValue]]
    readings: Mapping[uuid.UUID, Mapping[str, Sequence[tuple[datetime, Decimal]]]]
    abnormal: Mapping[uuid.UUID, Mapping[str, LastAbnormal]]


def known_about(assets: Sequence[Asset], *, without: uuid.UUID | None = None) -> Known:
    """Loads it in a fixed number of queries. `without`: a record that is about to be replaced."""
    ids, replaced = [asset.id for asset in assets], [without] if without else []
    return Known(
        versions=checklists.versions_for(assets),
        last=queries.last_values_of(ids, without=replaced),
        readings=queries.readings_of_all(ids, TREND_LENGTH),
        abnormal=queries.last_abnormal_of(ids, without=replaced),
    )


def blank_form(
    asset: Asset,
    *,
    by: Person,
    again: uuid.UUID | None = None,
    typed: MultiDict[str, Any] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    known: Known | None = None,
) -> Form | None:
    """The form of an asset, None where no checklist fits it. A fixed number of queries.

    Args:
        again: the record to be done again or corrected; its answers are filled in, except those sent back.
        typed: what came from a form that could not be taken; shown again with `problems`.
        known: what was loaded for many assets before; right as long as `again` is a record that was sent back, because
            only one that stands would have to be left out of it.

    Raises:
        NotFound: `again` is no record of this asset.
    """
    before = _record_to_repeat(asset, again, by)
    known = known or known_about([asset], without=before.id if before else None)
    version = known.versions.get(asset.id)
    if version is None:
        return None
    last, readings = known.last.get(asset.id, {}), known.readings.get(asset.id, {})
    abnormal = known.abnormal.get(asset.id, {})
    overrides = checklists.overrides_for(asset.id)
    values = typed if typed is not None else _values_of(before)
    given = grouped(values)
    problems = problems or {}
    entries = [
        Entry(
            item=item,
            bounds=(limits := bounds(item, _value(last.get(item.key)), overrides.get(item.key))),
            last=(newest := last.get(item.key)),
            last_on=local_day(newest.at, asset.site.timezone) if newest else None,
            abnormal=(wrong := abnormal.get(item.key)),
            abnormal_on=local_day(wrong.at, asset.site.timezone) if wrong else None,
            trend=_trend(item, limits, readings.get(item.key, [])),
            level=given.get(item.key, {}).get("level") or proposed_level(item.severity, asset.site.fault_levels),
            given=given.get(item.key, {}),
            old=next((one for one in before.answers if one.item_key == item.key), None) if before else None,
            returns=[one for one in before.returns if one.item_key == item.key] if before else [],
            problems={part: problems[f"{part}.{item.key}"] for part in PARTS if f"{part}.{item.key}" in problems},
        )
        for item in sorted(version.items, key=lambda item: (not item.is_safety_stop, item.position))
    ]
    return Form(
        asset=asset,
        version=version,
        entries=entries,
        photo_rule=photo_rule_of(asset),
        open_findings=open_findings_of_asset(asset.id),
        again=before,
        replaced_by=queries.successor_of(before.id) if before else None,
        values=values,
        problems=problems,
    )


def _record_to_repeat(asset: Asset, again: uuid.UUID | None, by: Person) -> Inspection | None:
    if again is None:
        return None
    before = queries.inspection_for(by, again, Right.INSPECT)
    if before.asset_id != asset.id:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return before


def _value(last: LastValue | None) -> Decimal | None:
    return last.value if last else None


def _values_of(before: Inspection | None) -> MultiDict[str, Any]:
    """The fields of an old record as its form would have sent them, without what was sent back."""
    values: MultiDict[str, Any] = MultiDict()
    if before is None:
        return values
    values["advice"] = before.advice
    values["accompanied_by"] = before.visit.accompanied_by
    returned = {one.item_key for one in before.returns}
    if "" in returned:
        return values
    values["run_state"] = before.run_state
    values["units_checked"] = str(before.units_checked)
    values["units_reason"] = before.units_reason
    values.setlist("unit", before.abnormal_units)
    for answer in before.answers:
        if answer.item_key not in returned:
            _put_answer(values, answer)
    return values


def _put_answer(values: MultiDict[str, Any], answer: Answer) -> None:
    key = answer.item_key
    if answer.verdict == "na":
        values[f"na.{key}"] = "1"
    parts = {"a": answer.value, "why": answer.why, "remedy": answer.remedy, "level": answer.level}
    values.update({f"{part}.{key}": text for part, text in parts.items() if text})
    values.setlist(f"photo.{key}", [str(photo.file_id) for photo in answer.photos])


def _trend(item: PublishedItem, limits: Bounds, readings: Sequence[tuple[datetime, Decimal]]) -> Markup:
    """The last readings, drawn from two on."""
    if item.kind != ItemKind.NUMBER or len(readings) < 2:
        return Markup("")
    points = [(month_name(at.date()), value) for at, value in readings]
    return trend(points, low=limits.low, high=limits.high, label=local(item), unit=item.unit)
