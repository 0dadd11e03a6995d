"""The sheet of a visit as people look at it: abnormal first, then not reached, returned, and normal by system."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select

from webapp.assets.models import Asset, System
from webapp.checklists.models import CheckItem
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.inspections.models import Answer, Inspection, Omission, Signature, Visit
from webapp.people.models import Person
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of
from webapp.sites.access import may
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.visits.queries import newer_versions, not_reached, omissions_of, sheet_rows
from webapp.visits.rules import Capacity, RowState, capacities, cover, may_sign, needed, omission_cover, row_state
from webapp.visits.seal import KIND


@dataclass(frozen=True)
class Reply:
    """An answer together with its question and what it raised."""

    answer: Answer
    item: CheckItem | None
    finding: Finding | None


@dataclass(frozen=True)
class Row:
    """One inspection on the sheet."""

    inspection: Inspection
    state: RowState
    newer: Inspection | None
    replies: list[Reply]

    @property
    def asset(self) -> Asset:
        """What was inspected."""
        return self.inspection.asset

    @property
    def abnormal(self) -> list[Reply]:
        """The answers that were judged abnormal."""
        return [reply for reply in self.replies if reply.answer.verdict == "abnormal"]

    @property
    def readings(self) -> list[Reply]:
        """The numbers that were read."""
        return [reply for reply in self.replies if reply.item and reply.item.kind == "number" and reply.answer.value]

    @property
    def photo_ids(self) -> list[uuid.UUID]:
        """All photos of the inspection."""
        return [photo.file_id for reply in self.replies for photo in reply.answer.photos]

    def item(self, key: str) -> CheckItem | None:
        """The question of that key."""
        return next((reply.item for reply in self.replies if reply.answer.item_key == key), None)


@dataclass(frozen=True)
class Place:
    """A place for a signature on the sheet: signed, or to be signed by this reader, or waiting for somebody."""

    capacity: Capacity
    is_needed: bool
    signature: Signature | None  # one that its signer objected to is none
    is_mine: bool


@dataclass(frozen=True)
class Sheet:
    """Everything that the page of a visit shows to one reader."""

    visit: Visit
    site: Site
    rows: list[Row]
    omissions: list[tuple[Omission, Asset]]
    unexplained: list[Asset]
    seal: Seal | None
    places: list[Place]
    to_confirm: Signature | None  # given in this reader's name on another person's device
    may_return: bool
    may_explain: bool

    def having(self, *states: RowState) -> list[Row]:
        """The rows in one of these states."""
        return [row for row in self.rows if row.state in states]

    @property
    def abnormal(self) -> list[Row]:
        """To be looked at first."""
        return self.having(RowState.ABNORMAL)

    @property
    def normal(self) -> list[Row]:
        """In order."""
        return self.having(RowState.OK)

    @property
    def returned(self) -> list[Row]:
        """Sent back."""
        return self.having(RowState.RETURNED)

    @property
    def replaced(self) -> list[Row]:
        """A newer inspection stands in their place."""
        return self.having(RowState.REPLACED)

    @property
    def accepted(self) -> list[Row]:
        """What a signature accepts."""
        return self.having(RowState.ABNORMAL, RowState.OK)

    @property
    def units(self) -> int:
        """Units checked in the accepted rows (R2)."""
        return sum(row.inspection.units_checked for row in self.accepted)

    @property
    def normal_by_system(self) -> Iterator[tuple[System, list[Row]]]:
        """The rows in order, system by system as printed."""
        for _id, rows in groupby(self.normal, key=lambda row: row.asset.system_id):
            together = list(rows)
            yield together[0].asset.system, together

    @property
    def tick_states(self) -> list[str]:
        """One state per row for the scale: abnormal, not reached or returned, normal."""
        todo = len(self.omissions) + len(self.returned)
        return ["abnormal"] * len(self.abnormal) + ["todo"] * todo + ["ok"] * len(self.normal)

    @property
    def covers(self) -> list[str]:
        """What a signature given now covers."""
        reasons = [omission_cover(each.id, asset.id, each.reason) for each, asset in self.omissions]
        return [cover(row.inspection.id, row.inspection.digest) for row in self.rows] + reasons

    @property
    def mine(self) -> Place | None:
        """The place where this reader can sign now."""
        if self.seal or not self.accepted:
            return None
        return next((place for place in self.places if place.is_mine and not place.signature), None)

    @property
    def waits_for(self) -> list[Capacity]:
        """The needed signatures that are still missing, or not confirmed."""
        return [
            place.capacity
            for place in self.places
            if place.is_needed and not (place.signature and place.signature.counts)
        ]

    @property
    def objected(self) -> list[Signature]:
        """Signatures to which the person named as signer objected."""
        return [signature for signature in self.visit.signatures if signature.is_void]


def sheet_for(person: Person, visit_id: uuid.UUID) -> Sheet:
    """The sheet as this person sees it. Raises NotFound like queries.visit_for."""
    visit = sheet_rows(person, visit_id)
    site = db.session.get_one(Site, visit.site_id)
    omissions = omissions_of(visit_id)
    sealed = seal_of(KIND, visit_id)
    is_open = sealed is None and not visit.is_signed
    may_explain = is_open and may(person, Right.EXPLAIN, site.id)
    explained = {asset.id for _omission, asset in omissions}
    return Sheet(
        visit=visit,
        site=site,
        rows=_rows(visit),
        omissions=omissions,
        unexplained=[asset for asset in not_reached(visit, site) if asset.id not in explained] if may_explain else [],
        seal=sealed,
        places=_places(visit, site, person),
        to_confirm=next((each for each in visit.signatures if each.is_waiting and each.person_id == person.id), None)
        if sealed is None
        else None,
        may_return=sealed is None and may(person, Right.SIGN, site.id),
        may_explain=may_explain,
    )


def _rows(visit: Visit) -> list[Row]:
    newer = newer_versions([each.id for each in visit.inspections])
    findings = _findings(visit.inspections)
    rows = [_row(each, newer.get(each.id), findings) for each in visit.inspections]
    return sorted(rows, key=lambda row: (_printed_place(row.asset), row.inspection.finished_at))


def _row(inspection: Inspection, newer: Inspection | None, findings: dict[uuid.UUID, Finding]) -> Row:
    items = {item.key: item for item in inspection.version.items}
    replies = [
        Reply(answer, items.get(answer.item_key), findings.get(answer.finding_id) if answer.finding_id else None)
        for answer in inspection.answers
    ]
    state = row_state(inspection.verdict, is_returned=bool(inspection.returns), is_replaced=newer is not None)
    return Row(inspection, state, newer, replies)


def _findings(inspections: Sequence[Inspection]) -> dict[uuid.UUID, Finding]:
    wanted = {answer.finding_id for each in inspections for answer in each.answers if answer.finding_id}
    return {each.id: each for each in db.session.scalars(select(Finding).where(Finding.id.in_(wanted)))}


def _places(visit: Visit, site: Site, person: Person) -> list[Place]:
    signed = {signature.capacity: signature for signature in visit.signatures if not signature.is_void}
    return [
        Place(
            capacity=capacity,
            is_needed=capacity in needed(site.signatures_needed),
            signature=signed.get(capacity.value),
            is_mine=may_sign(
                capacity,
                site.signatures_needed,
                is_technician=visit.technician_id == person.id,
                may_supervise=may(person, Right.SIGN, site.id),
                may_take_over=may(person, Right.HAND_OVER, site.id),
            ),
        )
        for capacity in capacities(site.signatures_needed)
    ]


def _printed_place(asset: Asset) -> tuple[int, int, int]:
    return asset.system.service_line.number, asset.system.position, asset.position
