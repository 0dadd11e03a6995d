"""Raising, arriving at, closing and reopening faults and hazards. Nothing is deleted; each step is a row (R61)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.assets import short_code
from webapp.assets.models import Asset, Label
from webapp.assets.queries import asset_for
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.calendar import days_to_keep
from webapp.faults.callers import CALLER, caller_in, note_caller
from webapp.faults.clocks import clocks_of
from webapp.faults.closing import listed, missing_for_closing
from webapp.faults.deadlines import renew
from webapp.faults.form import source_of_report
from webapp.faults.gathering import facts_of
from webapp.faults.hazard_state import turn
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind, FindingPhoto
from webapp.faults.moments import skew_of, told_at, true_moment
from webapp.faults.policies import policy_for, taken_over
from webapp.faults.queries import finding_for
from webapp.faults.rules import is_closed, kind_numbered, level_called, next_number, number_prefix
from webapp.faults.step_documents import event_of
from webapp.files.actions import attach
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.clock import Month, local_day
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, named, receive

USUAL_LEVEL = "general"
NOT_LATE = timedelta(minutes=1)  # on the way; what took longer came late
_CHANGING = ("level", "impact", "closed_at", "next_due_at", "hazard_state")

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
    level = _level(kind, site, level, catalogue_number)
    policy = policy_for(level, taken_over(site, now=now), reported_at) if kind is FindingKind.FAULT else None
    finding = Finding(
        id=finding_id or uuid.uuid4(),
        site_id=site.id,
        kind=kind.value,
        number=_free_number(kind, site, now),
        asset_id=asset.id if asset else None,
        item_text=item_text[:200],
        level=level,
        catalogue_number=catalogue_number if kind is FindingKind.FAULT else None,
        impact=policy.content["terms"].get("impact_of_level", {}).get(level) if policy else None,
        policy_id=policy.id if policy else None,
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
    add_event(finding, EventKind.REPORTED, "", by=by, at=reported_at, now=now, facts=facts)
    told = {"number": finding.number, "level": finding.level, "asset": str(finding.asset_id), "source": source}
    record(_RAISED[kind], f"finding:{finding.id}", by=by.id, now=now, site_id=site.id, **told)
    renew(finding, now=now)
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
    more to mend them. See `_level_meant` and `moments.told_at`.

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
    if db.session.scalar(select(Finding.id).where(Finding.id == report_id)):  # raised by an inspection or a label
        raise Conflict(
            _("Another record with this number is already here. Yours is kept on your device: hand it in anew."),
            code="other_content",
        )
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
        source=source_of_report(report_id, fields, asset.site),
        channel=fields.get("channel", "site"),
        by=by,
        reported_at=told_at(fields, "reported_at", asset.site, skew_of(sending, now), now),
        now=now,
        finding_id=report_id,
        catalogue_number=number,
        facts={"flags": ["level_proposed"]} if is_proposed else None,
    )
    note_caller(finding, fields)
    return finding, True


def document_of(
    report_id: uuid.UUID,
    fields: dict[str, Any],
    photo_ids: Sequence[uuid.UUID],
    by: Person,
    sending: Sending = NOT_SENT,
) -> Document:
    """The report as a document born in the field."""
    content = {name: value for name, value in fields.items() if name not in ("photo", *CALLER)}
    if caller := caller_in(fields):  # who called is masked one day, the document is not: it keeps a digest only
        content["caller"] = sha256_hex(canonical_json([str(report_id), caller]))
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
        return event_of(document, finding), False
    read, reason = document.content.get("scanned", ""), document.content.get("reason", "")
    is_own = bool(read) and _is_label_of(finding, read)
    if not read and not reason:
        why = _("Say why the label was not scanned.")
        raise Invalid(why, fields={"reason": [why]})
    odd = {"other_label": bool(read) and not is_own, "closed": is_closed_now(finding)}
    claimed = document.claimed_at or now
    event = add_event(
        finding,
        EventKind.ARRIVED,
        "" if is_own else reason,
        by=by,
        at=true_moment(claimed, skew_of(document.sending, now), now),
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
    settle(finding, event, now=now)
    return event, True


def arrival_of(finding_id: uuid.UUID, fields: Mapping[str, Any], by: Person, sending: Sending = NOT_SENT) -> Document:
    """The arrival as a document; one that a plain form could not name is named here."""
    content = {name: value for name, value in fields.items() if name != "id"} | {"finding": finding_id}
    claimed = fields.get("arrived_at")
    return Document(named(fields.get("id")), "arrival", by.id, content, claimed_at=claimed, sending=sending)


def close(finding: Finding, reason: str, *, by: Person, now: datetime) -> None:
    """Closes a fault or hazard. The door lets only the bureau in (R57).

    Raises:
        Conflict: it is closed already; of two at the same moment one wins. Or what its level asks for is not there
            yet (R52): see closing.missing_for_closing. A hazard is closed by the check after its work, or after a
            refusal (R71): see hazard_rules.
    """
    if is_closed_now(finding):
        raise Conflict(_("%(number)s is closed already.", number=finding.number), code="already_closed")
    facts = facts_of(finding) if finding.kind == FindingKind.FAULT else None
    if facts and (missing := missing_for_closing(facts)):
        why = _("%(number)s cannot be closed yet. Missing: %(what)s", number=finding.number, what=listed(missing))
        raise Conflict(why, code="incomplete")
    if finding.kind == FindingKind.HAZARD:
        turn(finding, EventKind.CLOSED)
    kept = {"own_days": days} if facts and (days := days_to_keep(facts)) else None
    event = add_event(finding, EventKind.CLOSED, reason, by=by, at=decided_at(finding, now), now=now, facts=kept)
    finding.closed_at = event.at
    verb = _CLOSED[FindingKind(finding.kind)]
    record(verb, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, reason=reason)
    settle(finding, event, now=now)


def reopen(finding: Finding, reason: str, *, by: Person, now: datetime) -> None:
    """Opens it again after a failed recovery test; the original start stays (R57).

    Raises:
        Conflict: it is open.
    """
    if not is_closed_now(finding):
        raise Conflict(_("%(number)s is open.", number=finding.number), code="already_open")
    if finding.kind == FindingKind.HAZARD:
        turn(finding, EventKind.REOPENED)
    event = add_event(finding, EventKind.REOPENED, reason, by=by, at=decided_at(finding, now), now=now)
    finding.closed_at = None
    verb = _REOPENED[FindingKind(finding.kind)]
    record(verb, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, reason=reason)
    settle(finding, event, now=now)


def settle(finding: Finding, event: FindingEvent, *, now: datetime) -> None:
    """After an event: clocks and deadlines are worked out anew. What a late document turned is kept with its event."""
    db.session.flush()
    db.session.expire(finding, ["events"])  # whoever reads them again gets this one, too
    if finding.kind != FindingKind.FAULT:
        return
    after = renew(finding, now=now)
    if event.received_at - event.at <= NOT_LATE:
        return
    facts = facts_of(finding)
    others = [step for step in facts.steps if step.more.get("document") != event.facts.get("document")]
    before = clocks_of(replace(facts, steps=others), now)
    turned = {
        name.value: [before[name].state.value, clock.state.value]
        for name, clock in after.items()
        if name in before and before[name].state is not clock.state
    }
    if turned:
        event.facts = {**event.facts, "turned": turned}
        db.session.flush()


def _is_label_of(finding: Finding, read: str) -> bool:
    """Whether a token, the address of a label or a short code belongs to the finding's device, even if replaced."""
    labels = db.session.execute(select(Label.token, Label.short_code).where(Label.asset_id == finding.asset_id)).all()
    token, code = read.rstrip("/").rpartition("/")[2], short_code.normalise(read)
    return any(token == label.token or code == label.short_code for label in labels)


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


def lock(finding: Finding) -> None:
    """Locks a finding until the transaction ends, and reads afresh what others may have changed before that."""
    db.session.flush()
    db.session.refresh(finding, _CHANGING, with_for_update={"key_share": True})


def decided_at(finding: Finding, now: datetime) -> datetime:
    """When the bureau or the lead decides: now, but never before what is here already, whatever the server's clock did.

    Of two servers one may be seconds behind; without this what was decided last would not count as the last word.
    """
    own = FindingEvent.finding_id == finding.id
    last = db.session.scalar(select(FindingEvent.at).where(own).order_by(FindingEvent.at.desc()).limit(1))
    return max(now, last) if last else now


def is_closed_now(finding: Finding) -> bool:
    """Reads the events afresh, with the finding locked until the transaction ends."""
    lock(finding)
    kinds = db.session.scalars(
        select(FindingEvent.kind).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.id)
    )
    return is_closed(kinds)


def add_event(
    finding: Finding,
    kind: EventKind,
    reason: str,
    *,
    by: Person,
    at: datetime,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> FindingEvent:
    """A further row in the life of a finding; `at` is claimed, `now` is the server's."""
    event = FindingEvent(finding_id=finding.id, kind=kind.value, at=at, received_at=now, by=by.id, reason=reason)
    event.facts = dict(facts or {})
    db.session.add(event)
    return event
