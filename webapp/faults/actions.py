"""Raising, arriving at, closing and reopening faults and hazards. Nothing is deleted; each step is a row (R61)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.assets import short_code
from webapp.assets.models import Asset, Label
from webapp.assets.queries import asset_for
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind, FindingPhoto
from webapp.faults.queries import finding_for
from webapp.faults.rules import is_closed, kind_numbered, level_called, next_number, number_prefix
from webapp.files.actions import attach
from webapp.kit.clock import Month, local_day
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, named, receive
from webapp.sync.rules import clock_offset_ms

CLOCK_TOLERANCE = timedelta(minutes=10)  # how far ahead of the server a typed time may be
CLOCK_TRUSTED = timedelta(minutes=5)  # how far off a device's clock may be before its times are corrected
USUAL_LEVEL = "general"

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
    facts: Mapping[str, Any] | None = None,
) -> Finding:
    """A new fault (with a level of the contract) or hazard (without), numbered per site and month of entering.

    The same `source` again returns the finding that is here already. The site row is locked, so that two findings
    never get one number. `reported_at` is claimed, `now` is when it reached the server (R42). `facts` are kept with the
    event of reporting.

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
    _add_event(finding, EventKind.REPORTED, "", by=by, at=reported_at, now=now, facts=facts)
    told = {"number": finding.number, "level": finding.level, "asset": str(finding.asset_id), "source": source}
    record(_RAISED[kind], f"finding:{finding.id}", by=by.id, now=now, site_id=site.id, **told)
    db.session.flush()
    return finding


def report(
    report_id: uuid.UUID,
    fields: dict[str, Any],
    *,
    photo_ids: Sequence[uuid.UUID],
    by: Person,
    now: datetime,
    sending: Sending = NOT_SENT,
) -> tuple[Finding, bool]:
    """A fault or hazard as somebody reports it; `fields` are those of ReportSchema. True: it is new.

    A report that was written on a device (`claimed_at`) is not refused for its level or its times: nobody is there any
    more to mend them. See `_level_meant` and `_told_at`.

    Raises:
        Conflict: another content has this id.
        Invalid: level, kind of fault or time cannot be used.
        Missing: a photo has not arrived yet.
        NotFound, Refused: the asset is not of a site where this person may report.
    """
    asset = asset_for(by, fields["asset"], Right.RAISE)
    document = document_of(report_id, fields, photo_ids, by, sending)
    if not receive(document, now=now):
        return db.session.scalars(select(Finding).where(Finding.id == report_id)).one(), False
    attach(photo_ids, asset.site_id, by=by)
    kind = FindingKind(fields["kind"])
    level, number, is_proposed = _level_meant(kind, fields, asset.site)
    finding = raise_finding(
        kind,
        site=asset.site,
        asset=asset,
        item_text=fields.get("item_text", ""),
        level=level,
        text=fields["text"],
        photo_ids=photo_ids,
        source=f"note:{fields['note']}:{report_id}" if "note" in fields else f"report:{report_id}",
        channel=fields.get("channel", "site"),
        by=by,
        reported_at=_told_at(fields, asset.site, _skew_of(sending, now), now),
        now=now,
        finding_id=report_id,
        catalogue_number=number,
        facts={"flags": ["level_proposed"]} if is_proposed else None,
    )
    return finding, True


def document_of(
    report_id: uuid.UUID,
    fields: dict[str, Any],
    photo_ids: Sequence[uuid.UUID],
    by: Person,
    sending: Sending = NOT_SENT,
) -> Document:
    """The report as a document born in the field."""
    content = {name: value for name, value in fields.items() if name != "photo"}
    if isinstance(moment := content.get("reported_at"), datetime) and moment.tzinfo is None:
        content["reported_at"] = moment.isoformat()
    content["photo"] = list(photo_ids)
    return Document(report_id, "finding", by.id, content, claimed_at=fields.get("claimed_at"), sending=sending)


def arrive(finding_id: uuid.UUID, document: Document, *, by: Person, now: datetime) -> tuple[FindingEvent, bool]:
    """Somebody is on site (到场), and whether that is new. Several may arrive; no limit is reckoned here.

    `document` comes from `arrival_of`. Another label than one of the finding's device, and a finding that is closed
    already, are flagged in the facts of the event, never refused.

    Raises:
        NotFound, Refused: not a finding of a site where this person inspects.
        Conflict: another document has this id.
        Invalid: nothing was scanned, and no reason is given for that.
    """
    finding = finding_for(by, finding_id, Right.INSPECT)
    if not receive(document, now=now):
        return _event_of(document, finding), False
    read, reason = document.content.get("scanned", ""), document.content.get("reason", "")
    is_own = bool(read) and _is_label_of(finding, read)
    if not read and not reason:
        why = _("Say why the label was not scanned.")
        raise Invalid(why, fields={"reason": [why]})
    odd = {"other_label": bool(read) and not is_own, "closed": _is_closed_now(finding)}
    claimed = document.claimed_at or now
    event = _add_event(
        finding,
        EventKind.ARRIVED,
        "" if is_own else reason,
        by=by,
        at=_true_moment(claimed, _skew_of(document.sending, now), now),
        now=now,
        facts={
            "scanned": is_own,
            "document": str(document.id),
            "claimed_at": claimed.isoformat(),
            "flags": [flag for flag, is_so in odd.items() if is_so],
        },
    )
    told = {"scanned": is_own, "reason": reason, "flags": event.facts["flags"], "digest": document.digest}
    record(Verb.ARRIVAL_RECORDED, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, **told)
    db.session.flush()
    return event, True


def _event_of(document: Document, finding: Finding) -> FindingEvent:
    """The event of an arrival that is here. Read afresh: whoever brought it may have ended after `finding` was read."""
    events = db.session.scalars(select(FindingEvent).where(FindingEvent.finding_id == finding.id))
    return next(one for one in events if one.facts.get("document") == str(document.id))


def arrival_of(finding_id: uuid.UUID, fields: Mapping[str, Any], by: Person, sending: Sending = NOT_SENT) -> Document:
    """The arrival as a document; one that a plain form could not name is named here."""
    content = {name: value for name, value in fields.items() if name != "id"} | {"finding": finding_id}
    claimed = fields.get("arrived_at")
    return Document(named(fields.get("id")), "arrival", by.id, content, claimed_at=claimed, sending=sending)


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


def _told_at(fields: Mapping[str, Any], site: Site, skew: timedelta, now: datetime) -> datetime:
    """When it was told: as typed, else when it was written on the device.

    A typed time after the writing is a slip; then the time of writing counts.
    """
    typed = fields.get("reported_at")
    if "claimed_at" not in fields:
        return _reported_at(typed, site, now)
    written = _true_moment(fields["claimed_at"], skew, now)
    return written if typed is None else min(_in_zone(typed, site), written)


def _skew_of(sending: Sending, now: datetime) -> timedelta:
    """How far the clock of the sending device was ahead; zero where it was not measured."""
    return timedelta(milliseconds=clock_offset_ms(sending.sent_at, now) or 0)


def _true_moment(claimed: datetime, skew: timedelta, now: datetime) -> datetime:
    """When something of the field happened: as the device claims, never after `now`.

    Where its clock was measured to be more than five minutes off when it sent, the moment is moved by that, as for
    inspections: the contract's clocks run from it.
    """
    return min(claimed if abs(skew) <= CLOCK_TRUSTED else claimed - skew, now)


def _in_zone(moment: datetime, site: Site) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(site.timezone))


def _is_label_of(finding: Finding, read: str) -> bool:
    """Whether a token, the address of a label or a short code belongs to the finding's device, even if replaced."""
    labels = db.session.execute(select(Label.token, Label.short_code).where(Label.asset_id == finding.asset_id)).all()
    token, code = read.rstrip("/").rpartition("/")[2], short_code.normalise(read)
    return any(token == label.token or code == label.short_code for label in labels)


def _reported_at(claimed: datetime | None, site: Site, now: datetime) -> datetime:
    """When it was told (R42): a time without zone is the site's wall clock; none is the time of entering."""
    if claimed is None:
        return now
    moment = _in_zone(claimed, site)
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


def _level_meant(kind: FindingKind, fields: Mapping[str, Any], site: Site) -> tuple[str | None, int | None, bool]:
    """Level, number in the catalogue, and whether the level is only proposed.

    A report written on a device may come from a page of an older contract, or name no level at all. Then the usual one
    is proposed, as for the items of a checklist; the bureau confirms it.
    """
    level, number = fields.get("level"), fields.get("catalogue_number")
    if kind is FindingKind.HAZARD or "claimed_at" not in fields or kind_numbered(number, site.fault_kinds):
        return level, number, False
    if level_called(level or "", site.fault_levels):
        return level, None, False
    keys = [str(one["key"]) for one in site.fault_levels]
    return (USUAL_LEVEL if USUAL_LEVEL in keys else (keys or [""])[-1]), None, True


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


def _add_event(
    finding: Finding,
    kind: EventKind,
    reason: str,
    *,
    by: Person,
    at: datetime,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> FindingEvent:
    event = FindingEvent(finding_id=finding.id, kind=kind.value, at=at, received_at=now, by=by.id, reason=reason)
    event.facts = dict(facts or {})
    db.session.add(event)
    return event
