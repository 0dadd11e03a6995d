"""Raising, closing and reopening faults and hazards. Nothing is deleted or overwritten; each step is a row (R61)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.assets.models import Asset
from webapp.assets.queries import asset_for
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind, FindingPhoto
from webapp.faults.rules import is_closed, kind_numbered, level_called, next_number, number_prefix
from webapp.files.actions import attach
from webapp.kit.clock import Month, local_day
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import Document, receive

CLOCK_TOLERANCE = timedelta(minutes=10)  # how far a device's clock may be ahead

_RAISED = {FindingKind.FAULT: Verb.FAULT_RAISED, FindingKind.HAZARD: Verb.HAZARD_RAISED}
_CLOSED = {FindingKind.FAULT: Verb.FAULT_CLOSED, FindingKind.HAZARD: Verb.HAZARD_CLOSED}
_REOPENED = {FindingKind.FAULT: Verb.FAULT_REOPENED, FindingKind.HAZARD: Verb.HAZARD_REOPENED}


def raise_finding(
    kind: FindingKind,
    *,
    site: Site,
    asset: Asset | None,
    item_text: str,
    level: str | None,
    text: str,
    photo_ids: Sequence[uuid.UUID],
    source: str | None,
    channel: str,
    by: Person,
    reported_at: datetime,
    now: datetime,
    finding_id: uuid.UUID | None = None,
    catalogue_number: int | None = None,
) -> Finding:
    """A new fault (with a level of the contract) or hazard (without), numbered per site and month of entering.

    The same `source` again returns the finding that is here already. The site row is locked, so that two findings
    never get one number. `reported_at` is claimed, `now` is when it reached the server (R42).

    Raises:
        Invalid: the level or the kind of fault is not in the site's contract.
    """
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
    if source and (here := db.session.scalar(select(Finding).where(Finding.source == source))):
        return here
    finding = Finding(
        id=finding_id or uuid.uuid4(),
        site_id=site.id,
        kind=kind.value,
        number=_free_number(kind, site, now),
        asset_id=asset.id if asset else None,
        item_text=item_text[:200],
        level=_level(kind, site, level, catalogue_number),
        catalogue_number=catalogue_number if kind is FindingKind.FAULT else None,
        channel=channel,
        text=text,
        source=source,
        reported_by=by.id,
        reported_at=reported_at,
        entered_at=now,
    )
    db.session.add(finding)
    db.session.flush()
    db.session.add_all(
        FindingPhoto(finding_id=finding.id, file_id=file_id, position=position)
        for position, file_id in enumerate(dict.fromkeys(photo_ids))
    )
    _add_event(finding, EventKind.REPORTED, "", by=by, at=reported_at, now=now)
    facts = {"number": finding.number, "level": finding.level, "asset": str(finding.asset_id), "source": source}
    record(_RAISED[kind], f"finding:{finding.id}", by=by.id, now=now, site_id=site.id, **facts)
    db.session.flush()
    return finding


def report(
    report_id: uuid.UUID, fields: dict[str, Any], *, photo_ids: Sequence[uuid.UUID], by: Person, now: datetime
) -> tuple[Finding, bool]:
    """A fault or hazard as somebody reports it; `fields` are those of ReportSchema. True: it is new.

    Raises:
        Conflict: another content has this id.
        Invalid: level, kind of fault or time cannot be used.
        Missing: a photo has not arrived yet.
        NotFound, Refused: the asset is not of a site where this person may report.
    """
    asset = asset_for(by, fields["asset"], Right.RAISE)
    if not receive(document_of(report_id, fields, photo_ids, by), now=now):
        return db.session.scalars(select(Finding).where(Finding.id == report_id)).one(), False
    attach(photo_ids, asset.site_id, by=by)
    finding = raise_finding(
        FindingKind(fields["kind"]),
        site=asset.site,
        asset=asset,
        item_text=fields.get("item_text", ""),
        level=fields.get("level"),
        text=fields["text"],
        photo_ids=photo_ids,
        source=f"report:{report_id}",
        channel=fields.get("channel", "site"),
        by=by,
        reported_at=_reported_at(fields.get("reported_at"), asset.site, now),
        now=now,
        finding_id=report_id,
        catalogue_number=fields.get("catalogue_number"),
    )
    return finding, True


def document_of(report_id: uuid.UUID, fields: dict[str, Any], photo_ids: Sequence[uuid.UUID], by: Person) -> Document:
    """The report as a document born in the field."""
    content = {name: value for name, value in fields.items() if name != "photo"}
    if isinstance(moment := content.get("reported_at"), datetime) and moment.tzinfo is None:
        content["reported_at"] = moment.isoformat()
    return Document(report_id, "finding", by.id, content | {"photo": list(photo_ids)})


def close(finding: Finding, reason: str, *, by: Person, now: datetime) -> None:
    """Closes a fault or hazard. The door lets only the bureau in (R57).

    Raises:
        Conflict: it is closed already; of two at the same moment one wins.
    """
    if _is_closed_now(finding):
        raise Conflict(_("%(number)s is closed already.", number=finding.number), code="already_closed")
    _add_event(finding, EventKind.CLOSED, reason, by=by, at=now, now=now)
    verb = _CLOSED[FindingKind(finding.kind)]
    record(verb, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, reason=reason)
    db.session.flush()


def reopen(finding: Finding, reason: str, *, by: Person, now: datetime) -> None:
    """Opens it again after a failed recovery test; the original start stays (R57).

    Raises:
        Conflict: it is open.
    """
    if not _is_closed_now(finding):
        raise Conflict(_("%(number)s is open.", number=finding.number), code="already_open")
    _add_event(finding, EventKind.REOPENED, reason, by=by, at=now, now=now)
    verb = _REOPENED[FindingKind(finding.kind)]
    record(verb, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, reason=reason)
    db.session.flush()


def _reported_at(claimed: datetime | None, site: Site, now: datetime) -> datetime:
    """When it was told (R42): a time without zone is the site's wall clock; none is the time of entering."""
    if claimed is None:
        return now
    moment = claimed if claimed.tzinfo else claimed.replace(tzinfo=ZoneInfo(site.timezone))
    if moment > now + CLOCK_TOLERANCE:
        why = _("That time has not come yet.")
        raise Invalid(_("Reported at: %(why)s", why=why), fields={"reported_at": [why]})
    return min(moment, now)


def _free_number(kind: FindingKind, site: Site, now: datetime) -> str:
    """The next number of the month of `now` in the site's zone; only while the site row is locked."""
    prefix = number_prefix(kind, Month.of(local_day(now, site.timezone)))
    last = db.session.scalar(
        select(Finding.number)
        .where(Finding.site_id == site.id, Finding.number.startswith(prefix))
        .order_by(func.length(Finding.number).desc(), Finding.number.desc())
        .limit(1)
    )
    return next_number(prefix, last)


def _level(kind: FindingKind, site: Site, level: str | None, catalogue_number: int | None) -> str | None:
    """The level as the contract knows it; a kind of the catalogue fixes it (R46). Hazards have none."""
    if kind is FindingKind.HAZARD:
        return None
    if catalogue_number is not None:
        known = kind_numbered(catalogue_number, site.fault_kinds)
        if known is None:
            why = _("Choose a kind of fault from the list.")
            raise Invalid(why, fields={"catalogue_number": [why]})
        return str(known["level"])
    if level_called(level or "", site.fault_levels) is None:
        why = _("Choose a level of the contract.")
        raise Invalid(why, fields={"level": [why]})
    return level


def _is_closed_now(finding: Finding) -> bool:
    """Reads the events afresh, with the finding locked until the transaction ends."""
    db.session.execute(select(Finding.id).where(Finding.id == finding.id).with_for_update(key_share=True))
    kinds = db.session.scalars(
        select(FindingEvent.kind).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.id)
    )
    return is_closed(kinds)


def _add_event(finding: Finding, kind: EventKind, reason: str, *, by: Person, at: datetime, now: datetime) -> None:
    db.session.add(
        FindingEvent(finding_id=finding.id, kind=kind.value, at=at, received_at=now, by=by.id, reason=reason, facts={})
    )
