"""Handing in an inspection. One document becomes one record, once, with its findings, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, bindparam, insert, select
from sqlalchemy.orm import selectinload

from webapp.assets.models import Asset, AssetStatus
from webapp.assets.queries import asset_for
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.checklists import queries as checklists
from webapp.checklists.published import PublishedVersion
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.models import FindingKind
from webapp.files.actions import attach
from webapp.files.queries import same_bytes_elsewhere
from webapp.inspections import queries
from webapp.inspections.answers import Judged, judged, missing, photo_ids, unknown_keys
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Visit
from webapp.inspections.rules import Facts, Flag, Speed, Units, flags, skew_of, true_moment, units_in_order
from webapp.inspections.schemas import content_of
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Invalid, NotFound
from webapp.people.models import Person
from webapp.seals.queries import is_month_closed
from webapp.sites.models import PhotoRule, Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, receive

KIND = "inspection"
FINDINGS = {"fault": FindingKind.FAULT, "hazard": FindingKind.HAZARD}


def hand_in(fields: Mapping[str, Any], *, sending: Sending = NOT_SENT, by: Person, now: datetime) -> Inspection:
    """Records a completed checklist; `fields` come from `schemas.load_inspection`. See `take`."""
    return take(fields, sending=sending, by=by, now=now)[0]


def take(
    fields: Mapping[str, Any], *, sending: Sending = NOT_SENT, by: Person, now: datetime
) -> tuple[Inspection, bool]:
    """The record of a document, and whether it is new. The same document again changes nothing.

    Odd things (old version, retired asset, second inspection, reused photo, wrong clock, impossible speed, a month that
    is closed) are flagged, never refused.

    Raises:
        NotFound, Refused: the asset is of another site, or the person may not inspect there.
        Conflict: another document has this id.
        Invalid: required answers are missing, an abnormal item is incomplete (R10), answers do not fit the version.
        Missing: photos have not arrived yet.
    """
    document = document_of(fields, by, sending)
    skew = skew_of(sending.sent_at, now)
    if not receive(document, now=now):
        return db.session.get_one(Inspection, document.id), False
    asset = asset_for(by, fields["asset"], Right.INSPECT, is_bare=True)
    version, is_current = _version(fields["version"], asset)
    replaced, is_replaced_twice = _replaced(fields.get("supersedes"), asset)
    started_at, finished_at = (true_moment(fields[name], skew) for name in ("started_at", "finished_at"))
    answers = fields.get("answers", {})
    units = _units(fields, asset)
    results = judged(
        version.items,
        answers,
        last=queries.last_values(asset.id, started_at, without=replaced),
        overrides=checklists.overrides_for(asset.id),
        levels=asset.site.fault_levels,
    )
    _check_complete(fields, asset, version, results, units)
    photos = list(photo_ids(answers))
    # the visit is locked before anything that refers to the site: signing takes the two in this order, too
    day = local_day(finished_at, asset.site.timezone)
    visit = open_sheet(asset.site, day, by, fields.get("accompanied_by"), now=now)
    attach(photos, asset.site_id, by=by)
    odd = flags(
        Facts(
            **_version_facts(version, is_current, asset),
            **_photo_facts(photos, document.id, replaced, asset),
            is_retired=asset.status == AssetStatus.RETIRED,
            is_second_in_visit=queries.is_second_in_visit(
                visit.id, asset.id, without=[document.id, *([replaced] if replaced else [])]
            ),
            is_replaced_twice=is_replaced_twice,
            skew=skew,
            started_at=fields["started_at"],
            finished_at=fields["finished_at"],
            received_at=now,
            speed=_speed(fields, results, asset, finished_at, by),
            is_paper=fields.get("paper", False),
        )
    )
    inspection = Inspection(
        id=document.id,
        site_id=asset.site_id,
        visit_id=visit.id,
        asset_id=asset.id,
        version_id=version.id,
        technician_id=by.id,
        started_at=started_at,
        finished_at=finished_at,
        received_at=now,
        verdict="abnormal" if any(one.is_abnormal for one in results) else "ok",
        run_state=fields["run_state"],
        **_unit_columns(units),
        advice=fields.get("advice", ""),
        supersedes_id=replaced,
        flags=odd,
        digest=document.digest,
    )
    db.session.add(inspection)
    db.session.flush()
    if _is_after_closing(asset.site, finished_at, now):
        odd = inspection.flags = [*odd, Flag.AFTER_CLOSING.value]
    _store_answers(document.id, asset, results, replaced, by=by, reported_at=finished_at, now=now)
    facts: dict[str, Any] = {"asset": asset.code, "verdict": inspection.verdict, "flags": odd}
    facts |= {"digest": document.digest, "supersedes": str(replaced) if replaced else None}
    record(Verb.INSPECTION_RECEIVED, f"inspection:{inspection.id}", by=by.id, now=now, site_id=asset.site_id, **facts)
    db.session.flush()
    return inspection, True


def document_of(fields: Mapping[str, Any], by: Person, sending: Sending = NOT_SENT) -> Document:
    """The document as the arrivals keep it."""
    return Document(
        id=fields["id"],
        kind=KIND,
        author_id=by.id,
        content=content_of(fields),
        claimed_at=fields["finished_at"],
        sending=sending,
    )


def photo_rule_of(asset: Asset) -> PhotoRule:
    """Whether photos may be taken of an asset: its own rule, else the site's (R125)."""
    return PhotoRule(asset.photo_rule or asset.site.photo_rule)


def _version(version_id: uuid.UUID, asset: Asset) -> tuple[PublishedVersion, bool]:
    """A published version that the asset's site may use, however old, and whether it is the one that counts there."""
    try:
        return checklists.handed_in(version_id, asset.site_id)
    except NotFound:
        raise Invalid(
            _("This checklist version is unknown. Open the checklist of the asset again."),
            fields={"version": [_("Unknown version.")]},
        ) from None


def _version_facts(version: PublishedVersion, is_current: bool, asset: Asset) -> dict[str, bool]:
    return {
        "is_old_version": not is_current,
        "is_other_checklist": checklists.category_of(asset, [version.checklist]) != version.checklist.key,
    }


def _replaced(wanted: uuid.UUID | None, asset: Asset) -> tuple[uuid.UUID | None, bool]:
    """The inspection that this one replaces, and whether the named one had been replaced before.

    Two people may do the same asset again without knowing of each other; then the later arrival replaces the earlier,
    so that nothing is lost and one counts. The rows are locked, so that nobody else replaces them meanwhile.
    """
    if wanted is None:
        return None, False
    here = db.session.execute(
        select(Inspection.id, Inspection.asset_id).where(Inspection.id == wanted).with_for_update(key_share=True)
    ).first()
    if here is None or here.asset_id != asset.id:
        raise Invalid(
            _("The inspection that this one corrects is not there."), fields={"supersedes": [_("Unknown inspection.")]}
        )
    last: uuid.UUID = here.id
    newer = _next_after(last)
    while newer is not None:
        last, newer = newer, _next_after(newer)
    return last, last != wanted


def _next_after(inspection_id: uuid.UUID) -> uuid.UUID | None:
    return db.session.scalar(
        select(Inspection.id).where(Inspection.supersedes_id == inspection_id).with_for_update(key_share=True)
    )


def _units(fields: Mapping[str, Any], asset: Asset) -> Units:
    return Units(
        total=asset.units,
        checked=fields.get("units_checked") if asset.units > 1 else 1,
        abnormal=fields.get("unit", []) if asset.units > 1 else [],
        reason=fields.get("units_reason", ""),
    )


def _check_complete(
    fields: Mapping[str, Any], asset: Asset, version: PublishedVersion, results: Sequence[Judged], units: Units
) -> None:
    if unknown := unknown_keys(version.items, fields.get("answers", {})):
        raise Invalid(
            _("Answers do not fit this version of the checklist. Open it again."),
            code="unknown_item",
            fields={f"a.{key}": [_("This version has no item “%(key)s”.", key=key)] for key in unknown},
        )
    lacking = missing(
        results,
        fields.get("run_state"),
        units,
        are_photos_allowed=photo_rule_of(asset) is not PhotoRule.FORBIDDEN,
    )
    if lacking:
        message = ngettext("%(num)s thing is still missing.", "%(num)s things are still missing.", len(lacking))
        raise Invalid(message, code="incomplete", fields=lacking)


def _unit_columns(units: Units) -> dict[str, Any]:
    return {
        "units_total": units.total,
        "units_checked": units.checked if units.checked is not None else units.total,
        "abnormal_units": units_in_order(units.abnormal),
        "units_reason": units.reason,
    }


def _photo_facts(
    photos: Sequence[uuid.UUID], inspection_id: uuid.UUID, replaced: uuid.UUID | None, asset: Asset
) -> dict[str, bool]:
    return {
        "has_reused_photo": _has_reused(photos, inspection_id, replaced),
        "has_forbidden_photo": bool(photos) and photo_rule_of(asset) is PhotoRule.FORBIDDEN,
    }


def _speed(
    fields: Mapping[str, Any], results: Sequence[Judged], asset: Asset, finished_at: datetime, by: Person
) -> Speed:
    """How fast the form was filled in; where the device measured that itself, other inspections are not asked for."""
    answers, seconds = sum(one.is_given for one in results), fields.get("seconds")
    other = None if seconds is not None else queries.finished_shortly_before(finished_at, asset, by, answers)
    return Speed(answers, seconds, finished_at - other if other else None, is_correction="supersedes" in fields)


def _is_after_closing(site: Site, finished_at: datetime, now: datetime) -> bool:
    """Whether the month of an inspection is closed already. Asked once the row stands: it refers to the site, so a
    closing that began before has ended, and one that begins now waits and counts this inspection.
    """
    month = Month.of(local_day(finished_at, site.timezone))
    return month < Month.of(local_day(now, site.timezone)) and is_month_closed(site.id, month)


def _has_reused(photos: Sequence[uuid.UUID], inspection_id: uuid.UUID, replaced: uuid.UUID | None) -> bool:
    """The very same photo under two items, in another record, or sent again under another name."""
    if len(set(photos)) < len(photos):
        return True
    return bool(queries.photos_used_elsewhere(photos, inspection_id, replaced) or same_bytes_elsewhere(photos))


def open_sheet(site: Site, day: date, by: Person, accompanied_by: str | None, *, now: datetime) -> Visit:
    """The technician's open sheet of that day, locked; a new one where there is none, or the last one is signed."""
    sheet = {"site_id": site.id, "day": day, "technician_id": by.id}
    visit = db.session.scalar(_newest_sheet(), sheet)
    while visit is None or visit.is_signed:
        _add_visit(site, day, by, visit.number + 1 if visit else 1, now=now)
        visit = db.session.scalar(_newest_sheet(), sheet)
    if accompanied_by and accompanied_by != visit.accompanied_by:
        visit.accompanied_by = accompanied_by
    return visit


@cache
def _newest_sheet() -> Select[Visit]:
    """Made once: making it costs more than asking it."""
    return (
        select(Visit)
        .where(
            Visit.site_id == bindparam("site_id"),
            Visit.day == bindparam("day"),
            Visit.technician_id == bindparam("technician_id"),
        )
        .order_by(Visit.number.desc())
        .limit(1)
        .options(selectinload(Visit.signatures))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _add_visit(site: Site, day: date, by: Person, number: int, *, now: datetime) -> None:
    """Two that begin the same sheet at once are settled by the unique key: one inserts, the other finds it."""
    sheet = {"site_id": site.id, "day": day, "technician_id": by.id, "number": number}
    insert_if_new(Visit, {"id": uuid.uuid4(), **sheet, "accompanied_by": "", "created_at": now}, unique=list(sheet))


def _store_answers(
    inspection_id: uuid.UUID,
    asset: Asset,
    results: Sequence[Judged],
    replaced: uuid.UUID | None,
    *,
    by: Person,
    reported_at: datetime,
    now: datetime,
) -> None:
    """One statement for all answers, two more where there are photos.

    An abnormality that the replaced record had too keeps the fault or hazard it raised.
    """
    raised = queries.findings_raised_by(replaced) if replaced else {}
    given = [one for one in results if one.is_given]
    rows = [
        {
            "inspection_id": inspection_id,
            "position": one.item.position,
            "item_key": one.item.key,
            "value": one.given.value,
            "number": one.judgement.number,
            "verdict": one.judgement.verdict.value,
            "judgement": one.facts(),
            "why": one.why,
            "remedy": one.remedy,
            "level": one.level,
            "finding_id": raised.get((one.item.key, one.remedy))
            or _raised(inspection_id, asset, one, by=by, reported_at=reported_at, now=now),
        }
        for one in given
    ]
    if rows:
        db.session.execute(insert(Answer).execution_options(render_nulls=True), rows)
    if any(one.photos for one in given):
        found = db.session.execute(select(Answer.item_key, Answer.id).where(Answer.inspection_id == inspection_id))
        ids = dict(found.all())
        photos = [
            {"answer_id": ids[one.item.key], "file_id": photo, "position": nth}
            for one in given
            for nth, photo in enumerate(one.photos)
        ]
        db.session.execute(insert(AnswerPhoto), photos)


def _raised(
    inspection_id: uuid.UUID, asset: Asset, one: Judged, *, by: Person, reported_at: datetime, now: datetime
) -> uuid.UUID | None:
    """The fault or hazard that an abnormal answer asks for (R10)."""
    if one.remedy not in FINDINGS:
        return None
    finding = raise_finding(
        FINDINGS[one.remedy],
        site=asset.site,
        asset=asset,
        item_text=one.item.zh,
        level=one.level or None,
        text=one.why,
        photo_ids=one.photos,
        source=f"inspection:{inspection_id}:{one.item.key}",
        channel="inspection",
        by=by,
        reported_at=reported_at,
        now=now,
    )
    return finding.id
