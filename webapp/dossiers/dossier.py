"""Everything about one asset on one page: facts, what is open, readings against their limits, history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from webapp.assets.models import Asset, Label, Remark
from webapp.assets.queries import period_of, remarks_about
from webapp.audit.models import AuditEntry, Verb
from webapp.audit.queries import entries_about
from webapp.checklists.published import PublishedItem, PublishedVersion
from webapp.checklists.queries import overrides_for, version_for
from webapp.checklists.rules import Bounds, Limits, bounds
from webapp.faults.models import Finding
from webapp.faults.queries import findings_with, open_findings_of_asset
from webapp.inspections.models import Inspection
from webapp.inspections.queries import history_of, readings_of
from webapp.people.queries import names_of
from webapp.seals.models import Seal
from webapp.seals.queries import seals_of

INSPECTIONS_SHOWN = 12
READINGS_SHOWN = 12
CHARTS_SHOWN = 3
TOLD_VERBS = frozenset({Verb.ASSET_ADDED, Verb.ASSET_CHANGED, Verb.LABEL_REPLACED, Verb.LIMIT_CHANGED})


@dataclass(frozen=True)
class Reading:
    """One number of the checklist with what was measured so far, oldest first, and what is normal now."""

    item: PublishedItem
    points: Sequence[tuple[datetime, Decimal]]
    limits: Bounds

    @property
    def last(self) -> Decimal:
        """The newest value."""
        return self.points[-1][1]

    @property
    def previous(self) -> Decimal | None:
        """The one before."""
        return self.points[-2][1] if len(self.points) > 1 else None

    @property
    def is_out(self) -> bool:
        """Whether the newest value lies outside the fixed limits."""
        low, high = self.limits.low, self.limits.high
        return (low is not None and self.last < low) or (high is not None and self.last > high)


@dataclass(frozen=True)
class Event:
    """One thing that happened to the asset: an inspection, something sent back, a change of the list, a new label."""

    kind: str  # inspection | return | change
    at: datetime
    by: str
    inspection: Inspection | None = None
    seal: Seal | None = None
    reason: str = ""
    verb: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    old_label: Label | None = None
    raised: Sequence[Finding] = ()


@dataclass(frozen=True)
class Dossier:
    """What the page shows."""

    asset: Asset
    period: tuple[date, date]
    label: Label | None
    version: PublishedVersion | None
    remarks: Sequence[Remark]
    findings: Sequence[Finding]
    readings: Sequence[Reading]
    events: Sequence[Event]
    last: Inspection | None

    @property
    def charts(self) -> Sequence[Reading]:
        """The readings worth a picture: those with several values, abnormal ones and those with limits first."""
        return [reading for reading in self.readings if len(reading.points) > 1][:CHARTS_SHOWN]

    @property
    def others(self) -> Sequence[Reading]:
        """The readings that stand in the table."""
        drawn = {reading.item.key for reading in self.charts}
        return [reading for reading in self.readings if reading.item.key not in drawn]

    @property
    def replaced_codes(self) -> set[str]:
        """Short codes of labels that are void."""
        return {label.short_code for label in self.asset.labels if label.replaced_at is not None}


def dossier_of(asset: Asset) -> Dossier:
    """The dossier of an asset that came through `asset_for`. The number of queries does not depend on its history."""
    version = version_for(asset)
    inspections = history_of(asset.id, INSPECTIONS_SHOWN)
    seals = seals_of("visit", [inspection.visit_id for inspection in inspections])
    entries = [entry for entry in entries_about(f"asset:{asset.id}") if entry.verb in TOLD_VERBS]
    returns = [one for inspection in inspections for one in inspection.returns]
    names = names_of({e.person_id for e in entries if e.person_id} | {one.returned_by for one in returns})
    raised = findings_with({a.finding_id for inspection in inspections for a in inspection.answers if a.finding_id})
    events = [
        *(_inspected(inspection, seals, raised) for inspection in inspections),
        *(_returned(inspection, names) for inspection in inspections if inspection.returns),
        *_changes(entries, asset, names),
    ]
    return Dossier(
        asset=asset,
        period=period_of(asset),
        label=next((label for label in asset.labels if label.replaced_at is None), None),
        version=version,
        remarks=remarks_about(asset),
        findings=open_findings_of_asset(asset.id),
        readings=_readings(version, readings_of(asset.id, READINGS_SHOWN), overrides_for(asset.id)),
        events=sorted(events, key=lambda event: event.at, reverse=True),
        last=next((inspection for inspection in inspections if not inspection.returns), None),
    )


def _readings(
    version: PublishedVersion | None,
    points: Mapping[str, Sequence[tuple[datetime, Decimal]]],
    overrides: Mapping[str, Limits],
) -> list[Reading]:
    readings = [
        Reading(item, points[item.key], bounds(item, None, overrides.get(item.key)))
        for item in (version.items if version else ())
        if points.get(item.key)
    ]
    return sorted(readings, key=lambda one: (not one.is_out, one.limits.low is None and one.limits.high is None))


def _inspected(inspection: Inspection, seals: Mapping[uuid.UUID, Seal], raised: Mapping[uuid.UUID, Finding]) -> Event:
    return Event(
        "inspection",
        inspection.finished_at,
        inspection.technician.name,
        inspection=inspection,
        seal=seals.get(inspection.visit_id),
        raised=[raised[a.finding_id] for a in inspection.answers if a.finding_id and a.finding_id in raised],
    )


def _returned(inspection: Inspection, names: Mapping[uuid.UUID, str]) -> Event:
    last = inspection.returns[-1]
    name = names.get(last.returned_by, "")
    return Event("return", last.returned_at, name, inspection=inspection, reason=last.reason)


def _changes(entries: Iterable[AuditEntry], asset: Asset, names: Mapping[uuid.UUID, str]) -> Iterable[Event]:
    replaced = {label.replaced_at: label for label in asset.labels if label.replaced_at}
    for entry in entries:
        name = names.get(entry.person_id, "") if entry.person_id else ""
        old_label = replaced.get(entry.at) if entry.verb == Verb.LABEL_REPLACED else None
        yield Event("change", entry.at, name, verb=entry.verb, facts=entry.facts, old_label=old_label)
