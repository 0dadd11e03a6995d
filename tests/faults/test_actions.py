"""Raising, closing, opening again; what races do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.faults.played import finish, ready
from webapp.assets.models import Asset
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.faults.actions import close, raise_finding, reopen, report
from webapp.faults.models import Finding, FindingEvent, FindingKind
from webapp.faults.queries import (
    Wanted,
    find,
    finding_for,
    findings_of,
    findings_with,
    is_open,
    open_findings_of_asset,
)
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.models import Site

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def site_of(code: str = "SG") -> Site:
    return db.session.scalars(select(Site).where(Site.code == code)).one()


def first_asset(site: Site) -> Asset:
    return db.session.scalars(select(Asset).where(Asset.site_id == site.id).order_by(Asset.position)).first()


def raised(by: Person, kind: FindingKind = FindingKind.FAULT, *, code: str = "SG", **changes) -> Finding:
    site = changes.pop("site", None) or site_of(code)
    values = {
        "asset": None,
        "item_text": "",
        "level": "general",
        "text": "no picture",
        "photo_ids": [],
        "source": None,
        "channel": "site",
        "reported_at": NOW,
        "now": NOW,
    }
    return raise_finding(kind, site=site, by=by, **(values | changes))


def test_numbers_run_per_site_kind_and_month(person):
    tech, tech2 = person("tech"), person("tech2")
    december = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in Shaoguan
    with transaction():
        numbers = [
            raised(tech).number,
            raised(tech).number,
            raised(tech, FindingKind.HAZARD).number,
            raised(tech2, code="FT").number,
            raised(tech, now=december - timedelta(seconds=1)).number,
            raised(tech, now=december).number,
        ]
    assert numbers == ["GZ-2611-01", "GZ-2611-02", "YH-2611-01", "GZ-2611-01", "GZ-2611-03", "GZ-2612-01"]


def test_the_hundredth_number_follows_the_ninety_ninth(person):
    with transaction():
        raised(person("tech")).number = "GZ-2611-99"
        db.session.flush()
        assert [raised(person("tech")).number, raised(person("tech")).number] == ["GZ-2611-100", "GZ-2611-101"]


def test_the_same_source_is_raised_once(person):
    with transaction():
        first = raised(person("tech"), source="inspection:1:lamp")
        again = raised(person("tech"), source="inspection:1:lamp", text="other words")
    assert again.id == first.id
    assert again.text == "no picture"
    assert db.session.scalar(select(func.count()).select_from(FindingEvent)) == 1


def test_a_hazard_has_no_level_and_a_fault_needs_one_of_the_contract(person):
    with transaction():
        assert raised(person("tech"), FindingKind.HAZARD, level="major").level is None
    for level in (None, "", "huge"):
        with pytest.raises(Invalid) as caught, transaction():
            raised(person("tech"), level=level)
        assert "level" in caught.value.fields
    with pytest.raises(Invalid), transaction():
        raised(person("tech2"), code="FT", level="consult")


def test_a_kind_of_the_catalogue_fixes_the_level(person):
    with transaction():
        finding = raised(person("tech2"), code="FT", level="general", catalogue_number=13)
    assert finding.level == "major"
    with pytest.raises(Invalid), transaction():
        raised(person("tech2"), code="FT", catalogue_number=24)


def test_closing_and_opening_again_are_rows_and_keep_the_start(person):
    with transaction():
        finding = raised(person("tech"), reported_at=NOW - timedelta(hours=1))
        finish(finding, now=NOW)
    with pytest.raises(Conflict), transaction():
        close(finding, "again", by=person("supervisor"), now=NOW)
    with transaction():
        reopen(finding, "fails again", by=person("supervisor"), now=NOW)
    with pytest.raises(Conflict), transaction():
        reopen(finding, "again", by=person("supervisor"), now=NOW)
    here = finding_for(person("tech"), finding.id)
    assert [event.kind for event in here.events][-3:] == ["tested", "closed", "reopened"]
    assert here.reported_at == NOW - timedelta(hours=1)
    assert is_open(here)
    verbs = select(AuditEntry.verb).where(AuditEntry.subject == f"finding:{finding.id}").order_by(AuditEntry.id)
    told = [verb for verb in db.session.scalars(verbs) if verb != "fault.step_taken"]
    assert told == ["fault.raised", "fault.closed", "fault.reopened"]


def test_sql_and_python_agree_on_what_is_open(person):
    with transaction():
        findings = [raised(person("tech"), now=NOW + timedelta(minutes=n)) for n in range(3)]
        for finding in findings[1:]:
            finish(finding, now=NOW)
        reopen(findings[2], "not done", by=person("supervisor"), now=NOW)
    site_id = findings[0].site_id
    assert {finding.id for finding in findings_of(site_id, state="open")} == {findings[0].id, findings[2].id}
    assert {finding.id for finding in findings_of(site_id, state="closed")} == {findings[1].id}
    assert [is_open(finding) for finding in findings_with([f.id for f in findings]).values()].count(True) == 2


def test_lists_are_narrowed(person):
    asset = first_asset(site_of())
    with transaction():
        fault = raised(person("tech"), asset=asset, level="major", text="screen is black")
        hazard = raised(person("tech"), FindingKind.HAZARD, reported_at=NOW - timedelta(days=40))
    site_id = fault.site_id

    def numbers(**wanted) -> list[str]:
        return [finding.number for finding in find(site_id, Wanted(**wanted)).rows]

    assert numbers() == [fault.number, hazard.number]
    assert numbers(kind="hazard") == [hazard.number]
    assert numbers(level="major") == [fault.number]
    assert numbers(system=asset.system_id) == [fault.number]
    assert numbers(since=NOW - timedelta(days=1)) == [fault.number]
    assert numbers(until=NOW - timedelta(days=1)) == [hazard.number]
    assert numbers(text="gz-2611") == [fault.number]
    assert numbers(text=f"{asset.code} black") == [fault.number]
    assert numbers(text="100%") == []
    assert [finding.id for finding in open_findings_of_asset(asset.id)] == [fault.id]


def test_another_sites_finding_is_not_there(person):
    with transaction():
        finding = raised(person("tech"))
    with pytest.raises(NotFound):
        finding_for(person("supervisor2"), finding.id)


def test_a_time_without_zone_is_the_wall_clock_of_the_site(person):
    asset = first_asset(site_of())
    fields = {"asset": asset.id, "kind": "hazard", "text": "loose cable", "reported_at": datetime(2026, 11, 18, 9, 0)}  # noqa: DTZ001
    with transaction():
        finding, is_new = report(asset.id, fields, photo_ids=[], by=person("tech"), now=NOW)
    assert is_new
    assert finding.reported_at == datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
    assert finding.entered_at == NOW
    with pytest.raises(Invalid), transaction():
        late = fields | {"reported_at": NOW + timedelta(minutes=11)}
        report(first_asset(site_of("FT")).id, late, photo_ids=[], by=person("tech"), now=NOW)


def in_threads(app, work, times: int) -> list:
    def run(index: int):
        with app.test_request_context():
            try:
                with transaction():
                    return work(index)
            except Conflict:
                return None
            finally:
                db.session.remove()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_eight_at_once_get_eight_numbers(app):
    def work(index: int) -> str:
        tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
        return raised(tech, source=f"test:{index}").number

    assert sorted(in_threads(app, work, 8)) == [f"GZ-2611-{n:02d}" for n in range(1, 9)]


def test_eight_at_once_with_one_source_make_one(app):
    def work(_index: int) -> str:
        tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
        return raised(tech, source="test:same").number

    assert set(in_threads(app, work, 8)) == {"GZ-2611-01"}


def test_of_four_closures_at_once_one_wins(app):
    with app.test_request_context(), transaction():
        tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
        finding = raised(tech)
        ready(finding, now=NOW)
        passed = {"passed": True, "flags": []}
        db.session.add(
            FindingEvent(finding_id=finding.id, kind="tested", at=NOW, received_at=NOW, by=tech.id, facts=passed)
        )
        finding_id = finding.id

    def work(index: int) -> int:
        bureau = db.session.scalars(select(Person).where(Person.username == "supervisor")).one()
        close(db.session.get_one(Finding, finding_id), f"reason {index}", by=bureau, now=NOW)
        return index

    assert len([won for won in in_threads(app, work, 4) if won is not None]) == 1
