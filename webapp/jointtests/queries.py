"""Finding joint tests, the form, and what the day knows for a sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from webapp.assets.models import Asset
from webapp.assets.queries import assets_of
from webapp.checklists.models import Checklist, ChecklistVersion
from webapp.checklists.queries import all_checklists, category_of
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.faults.queries import findings_of
from webapp.inspections.queries import same_day
from webapp.jointtests.form import Form, read_form
from webapp.jointtests.models import JointTest, JointTestForm, JointTestValue
from webapp.jointtests.sheet import Last, Material, moment_text
from webapp.jointtests.takeover import Codes, Reading
from webapp.kit.clock import Month
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import PhotoRule, Site
from webapp.sites.rules import Right

SOURCE = "joint_test:"  # what the source of a fault raised here begins with


def newest_form() -> JointTestForm | None:
    """The version of the form that new records are made with."""
    return db.session.scalar(select(JointTestForm).order_by(JointTestForm.number.desc()).limit(1))


def form_of(site_id: uuid.UUID) -> JointTestForm | None:
    """The form for a site; None where the site has none of its equipment, and so no joint tests."""
    form = newest_form()
    if form is None:
        return None
    codes = read_form(form.content).equipment
    here = db.session.scalar(select(Asset.id).where(Asset.site_id == site_id, Asset.code.in_(codes)).limit(1))
    return form if here else None


def form_for(site: Site, form_id: uuid.UUID | None = None) -> JointTestForm:
    """The form for a new record of a site, or the version that a device filled in. Raises NotFound."""
    newest = form_of(site.id)
    form = db.session.get(JointTestForm, form_id) if newest and form_id else newest
    if form is None:
        raise NotFound(_("This command centre has no satellite vehicle, so there is no joint test."))
    return form


def record_for(person: Person, test_id: uuid.UUID, right: Right = Right.READ, *, lock: bool = False) -> JointTest:
    """The record with everything that its page shows, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    if lock:
        db.session.execute(select(JointTest.id).where(JointTest.id == test_id).with_for_update())
    test = db.session.scalar(_whole().where(JointTest.id == test_id))
    if test is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, test.site_id)
    return test


def site_of(test_id: uuid.UUID) -> uuid.UUID | None:
    """The site of a record, whoever asks; None where there is no such record. For records, never for people."""
    return db.session.scalar(select(JointTest.site_id).where(JointTest.id == test_id))


def tests_of(site_id: uuid.UUID, month: Month) -> list[JointTest]:
    """The records of a month that no later one replaces, oldest first, with form, values, technician, signatures."""
    wanted = _whole().where(
        JointTest.site_id == site_id, JointTest.day.between(month.first, month.last), standing_tests()
    )
    return list(db.session.scalars(wanted.order_by(JointTest.day, JointTest.number)))


def test_before(site_id: uuid.UUID, day: date) -> JointTest | None:
    """The last record before the month of `day`: what a test is compared with."""
    wanted = _whole().where(JointTest.site_id == site_id, JointTest.day < Month.of(day).first, standing_tests())
    newest = wanted.order_by(JointTest.day.desc(), JointTest.number.desc())
    return db.session.scalar(newest.limit(1))


def successor_of(test_id: uuid.UUID) -> JointTest | None:
    """The record that replaces this one."""
    return db.session.scalar(select(JointTest).where(JointTest.supersedes_id == test_id))


def material(site: Site, form: Form, day: date, *, now: datetime, without: uuid.UUID | None = None) -> Material:
    """What the app knows for a sheet of that day: a fixed number of queries. `without`: a record to be corrected."""
    assets = assets_of(site.id)
    codes = _codes(form, assets)
    present = form.equipment & {asset.code for asset in assets}
    readings = _readings(site.id, day, {code for found in codes.values() for code in found} | present)
    open_faults = findings_of(site.id, state="open")
    meant = {asset.id for asset in assets if asset.code in _tested(form, codes, present)}
    inspected = {reading.code for reading in readings}
    before = test_before(site.id, day)
    return Material(
        form=form,
        day=day,
        codes=codes,
        readings=readings,
        present=frozenset(present),
        last=last_of(before) if before else None,
        autos={
            "preparation.0.checklists_done": f"{len(inspected & _tested(form, codes, present))}/{len(meant)}",
            "preparation.0.open_faults": str(sum(finding.asset_id in meant for finding in open_faults)),
        },
        location=_last_location(site.id),
        deadlines=_deadlines(site, now),
        carried=tuple(
            finding
            for finding in open_faults
            if (finding.source or "").startswith(SOURCE) and not (without and str(without) in (finding.source or ""))
        ),
        are_photos_allowed=site.photo_rule != PhotoRule.FORBIDDEN,
    )


def last_of(test: JointTest) -> Last:
    """A record as the next one compares with it."""
    turns: dict[tuple[str, int], dict[str, str]] = {}
    for row in test.values:
        turns.setdefault((row.section, row.turn), {})[row.item_key] = row.value
    return Last(test.id, test.number, test.day, turns)


def _tested(form: Form, codes: Codes, present: frozenset[str] | set[str]) -> set[str]:
    """Codes of the devices that the record is about: the form's equipment, and the vehicle."""
    first = next((section for section in form.sections if any(item.copied_from for item in section.items)), None)
    named = [source for item in first.items for source in item.copied_from] if first else []
    vehicle = codes.get(named[0].partition(".")[0], frozenset()) if named else frozenset()
    return set(present) | set(vehicle)


def _codes(form: Form, assets: Sequence[Asset]) -> dict[str, frozenset[str]]:
    checklists = all_checklists()
    found: dict[str, set[str]] = {key: set() for key in form.categories}
    by_name: dict[tuple[str | None, str], str | None] = {}
    for asset in assets:
        name = (asset.category, asset.name)
        if name not in by_name:
            by_name[name] = category_of(asset, checklists)
        if (key := by_name[name]) in found:
            found[key].add(asset.code)
    return {key: frozenset(codes) for key, codes in found.items()}


def _readings(site_id: uuid.UUID, day: date, codes: set[str]) -> list[Reading]:
    inspections = [each for each in same_day(site_id, day) if each.asset.code in codes]
    rows = db.session.execute(
        select(ChecklistVersion.id, Checklist.key)
        .join(ChecklistVersion.checklist)
        .where(ChecklistVersion.id.in_({each.version_id for each in inspections}))
    )
    keys = dict(rows.all())
    return [
        Reading(
            inspection_id=each.id,
            code=each.asset.code,
            checklist=keys[each.version_id],
            item_key=answer.item_key,
            value=answer.value,
            verdict=answer.verdict,
            at=each.finished_at,
            by=each.technician.name,
        )
        for each in inspections
        for answer in each.answers
    ]


def _last_location(site_id: uuid.UUID) -> str:
    wanted = (
        select(JointTestValue.value)
        .join(JointTest, JointTest.id == JointTestValue.test_id)
        .where(JointTest.site_id == site_id, JointTestValue.item_key == "location")
        .order_by(JointTest.started_at.desc())
        .limit(1)
    )
    return db.session.scalar(wanted) or ""


def _deadlines(site: Site, now: datetime) -> dict[str, str]:
    """Level of the contract → until when a fault told now must be repaired, in the site's time."""
    here = now.astimezone(ZoneInfo(site.timezone))
    return {
        level["key"]: moment_text(here + timedelta(minutes=level["handling_min"])) if level.get("handling_min") else ""
        for level in site.fault_levels
    }


def findings_raised_by(test: JointTest) -> list[Finding]:
    """The faults that a record raised or carried over, with their events, in the order of the record."""
    ids = [row.finding_id for row in test.values if row.finding_id]
    rows = db.session.scalars(select(Finding).options(selectinload(Finding.events)).where(Finding.id.in_(ids)))
    found = {finding.id: finding for finding in rows}
    return [found[key] for key in dict.fromkeys(ids)]


def standing_tests() -> ColumnElement[bool]:
    """Criterion: no later record replaces this joint test."""
    newer = aliased(JointTest)
    return ~exists().where(newer.supersedes_id == JointTest.id)


def _whole() -> Select[JointTest]:
    return (
        select(JointTest)
        .options(
            joinedload(JointTest.form),
            joinedload(JointTest.technician),
            selectinload(JointTest.values).subqueryload(JointTestValue.photos),
            selectinload(JointTest.signatures),
        )
        .execution_options(populate_existing=True)
    )
