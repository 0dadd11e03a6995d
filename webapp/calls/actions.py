"""Taking a call, saying what was done about it, masking old callers. A call is never changed or thrown away (R56)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import exists, func, or_, select, update

from webapp.assets.models import Asset
from webapp.assets.queries import named_here
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.calls.models import Call, CallStep, StepKind
from webapp.calls.rules import number_prefix, source_of, step_of_answer, steps_allowed
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.faults.moments import skew_of, told_at
from webapp.faults.rules import next_number
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.clock import Month, local_day
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, receive

KIND = "call"  # how arrivals call it
CALLER = ("organisation", "caller_name", "caller_phone")
ENDS = (StepKind.ANSWERED, StepKind.CLOSED)


def document_of(call_id: uuid.UUID, fields: Mapping[str, Any], by: Person, sending: Sending = NOT_SENT) -> Document:
    """The call as a document. Who called is masked one day, the document is not: it keeps a digest only."""
    content = {name: value for name, value in fields.items() if name not in CALLER}
    if caller := {name: fields[name] for name in CALLER if fields.get(name)}:
        content["caller"] = sha256_hex(canonical_json([str(call_id), caller]))
    if isinstance(moment := content.get("called_at"), datetime) and moment.tzinfo is None:
        content["called_at"] = moment.isoformat()
    return Document(call_id, KIND, by.id, content, claimed_at=fields.get("claimed_at"), sending=sending)


def take(document: Document, fields: Mapping[str, Any], *, by: Person, now: datetime) -> tuple[Call, bool]:
    """The call of a document, and whether it is new; the same document again is the same call.

    Numbered per site and month of entering; the site row is locked, so that two calls never get one number. A
    consultation with an answer is closed with it.

    Raises:
        NotFound, Refused: not a site where this person takes calls.
        Conflict: another document has this id.
        Invalid: the device is none of this site, or the time lies ahead.
    """
    site = require(by, Right.RAISE, fields["site"])
    if not receive(document, now=now):
        return db.session.get_one(Call, document.id), False
    asset = _device(fields, site)
    call = Call(
        id=document.id,
        site_id=site.id,
        number=_free_number(site, now),
        kind=fields["kind"],
        as_source=source_of(document.id),
        asset_id=asset.id if asset else None,
        text=fields["text"],
        effect=fields.get("effect", ""),
        **{name: fields.get(name, "") for name in CALLER},
        form_number=fields.get("form_number", ""),
        called_at=told_at(fields, "called_at", site, skew_of(document.sending, now), now),
        entered_at=now,
        taken_by=by.id,
    )
    db.session.add(call)
    db.session.flush()
    facts = {"number": call.number, "kind": call.kind, "asset": str(asset.id) if asset else None}
    record(Verb.CALL_TAKEN, f"call:{call.id}", by=by.id, now=now, site_id=site.id, **facts)
    _add_step(call, StepKind.TAKEN, "", fields.get("follow_up_on"), by=by, now=now)
    answer = fields.get("answer", "")
    if step := step_of_answer(call.kind, answer):
        _add_step(call, step, answer, fields.get("follow_up_on"), by=by, now=now)
    return call, True


def take_step(
    call: Call, kind: StepKind, text: str, next_on: date | None, *, by: Person, now: datetime
) -> tuple[CallStep, bool]:
    """What was done about an open call, and whether that is new; the same words again at its end change nothing.

    Raises:
        Invalid: a call of this kind does not take this step.
        Conflict: the call is closed; of two who close it at the same moment one wins.
    """
    if kind not in steps_allowed(call.kind):
        why = _("Choose one of the steps.")
        raise Invalid(why, fields={"kind": [why]})
    db.session.execute(select(Call.id).where(Call.id == call.id).with_for_update(key_share=True))
    wanted = select(CallStep).where(CallStep.call_id == call.id).order_by(CallStep.id.desc()).limit(1)
    last = db.session.scalars(wanted).one()
    if (last.kind, last.text, last.next_on, last.by) == (kind.value, text, next_on, by.id):
        return last, False
    return _add_step(call, kind, text, next_on, by=by, now=now), True


def mask_callers(before: datetime, *, now: datetime) -> int:
    """Takes name and telephone out of calls that ended before a moment, or whose fault was closed before it; how many.

    Organisation, words and steps stay.
    """
    fault_closed = exists().where(Finding.source == Call.as_source, Finding.closed_at < before)
    old = (Call.masked_at.is_(None), or_(Call.closed_at < before, fault_closed))
    masked = update(Call).where(*old).values(caller_name="", caller_phone="", masked_at=now)
    made = masked.returning(Call.id).execution_options(synchronize_session=False)
    count = len(db.session.scalars(made).all())
    if count:
        record(Verb.CALL_CALLERS_MASKED, "calls", by=None, now=now, count=count, before=before.isoformat())
    return count


def _add_step(call: Call, kind: StepKind, text: str, next_on: date | None, *, by: Person, now: datetime) -> CallStep:
    """A further row; one that ends the call claims it first."""
    if kind in ENDS:
        next_on = None
    is_open = (Call.id == call.id, Call.closed_at.is_(None))
    values = {"closed_at": now if kind in ENDS else None}
    claimed = update(Call).where(*is_open).values(**values).returning(Call.id)
    if db.session.scalar(claimed.execution_options(synchronize_session=False)) is None:
        raise Conflict(_("%(number)s is closed already.", number=call.number), code="already_closed")
    step = CallStep(call_id=call.id, kind=kind.value, text=text, next_on=next_on, by=by.id, at=now)
    db.session.add(step)
    if kind is not StepKind.TAKEN:
        facts = {"step": kind.value, "next_on": str(next_on or "")}
        record(Verb.CALL_STEP_TAKEN, f"call:{call.id}", by=by.id, now=now, site_id=call.site_id, **facts)
    db.session.flush()
    db.session.expire(call, ["closed_at", "steps"])
    return step


def _device(fields: Mapping[str, Any], site: Site) -> Asset | None:
    """The device that the call is about; None where it names none."""
    if "asset" not in fields:
        return None
    asset = named_here(fields["asset"], site.id)
    if asset is None:
        why = _("There is no such device here.")
        raise Invalid(why, fields={"asset": [why]})
    return asset


def _free_number(site: Site, now: datetime) -> str:
    """The next number of the month of `now` in the site's zone; locks the site row until the transaction ends."""
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
    prefix = number_prefix(Month.of(local_day(now, site.timezone)))
    last = db.session.scalar(
        select(Call.number)
        .where(Call.site_id == site.id, Call.number.startswith(prefix))
        .order_by(func.length(Call.number).desc(), Call.number.desc())
        .limit(1)
    )
    return next_number(prefix, last)
