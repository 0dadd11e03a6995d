"""What phones and tablets say about the work on them, and what the office sees of it before a month is closed."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.fieldwork.actions import note_report, write_off
from webapp.fieldwork.models import DeviceReport
from webapp.fieldwork.queries import device_for, devices_of, unsent
from webapp.fieldwork.rules import BROWSERS, MACHINES, MOST_DEVICES, SILENT_AFTER, Kind, belongs_to, ids_in, kind_of
from webapp.fieldwork.schemas import ReportSchema
from webapp.fieldwork.words import BROWSERS as BROWSER_WORDS
from webapp.fieldwork.words import MACHINES as MACHINE_WORDS
from webapp.kit.clock import Month, utc_now
from webapp.kit.problems import Conflict, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.sites.actions import give_role, take_role
from webapp.sites.models import Role
from webapp.sites.queries import site_coded

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 18, 1, 12, tzinfo=UTC)  # 09:12 in Shaoguan
PHONE, TABLET = uuid.UUID(int=11), uuid.UUID(int=12)
ANDROID = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 Chrome/124.0 Mobile Safari/537.36"


def said(device: uuid.UUID = PHONE, **changes: Any) -> dict[str, Any]:
    return ReportSchema().load({"device": device, "waiting": 0, "attention": 0, **changes})


def report(by, device: uuid.UUID = PHONE, at: datetime = NOW, sent_at: datetime | None = None, **changes: Any) -> None:
    note_report(said(device, **changes), user_agent=ANDROID, sent_at=sent_at, by=by, now=at)
    db.session.flush()


def rows() -> list[DeviceReport]:
    db.session.expire_all()
    return list(db.session.scalars(select(DeviceReport).order_by(DeviceReport.device_id)))


def shaoguan() -> uuid.UUID:
    return site_coded("SG").id


def posted(client, device: uuid.UUID = PHONE, **changes: Any):
    form = {"device": str(device), "waiting": "0", "attention": "0", **changes}
    return client.post("/field-work/report", data=form, headers={"Accept": "application/json"})


# what kind of device it is


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        (ANDROID, Kind("android_phone", "chrome")),
        ("Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
         Kind("android_tablet", "chrome")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
         Kind("iphone", "safari")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/130.0 Mobile Safari/604.1",
         Kind("iphone", "chrome")),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1 Mobile Safari/604.1",
         Kind("ipad", "safari")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
         Kind("mac", "safari")),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
         Kind("windows", "edge")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Kind("linux", "firefox")),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0",
         Kind("android_phone", "wechat")),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 Safari/537.36 ArkWeb/4.1 Mobile",
         Kind("harmony_phone", "huawei")),
        ("Mozilla/5.0 (Tablet; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 Safari/537.36",
         Kind("harmony_tablet", "chrome")),
        ("curl/8.5", Kind("other", "")),
        ("", Kind("other", "")),
    ],
)  # fmt: skip
def test_a_device_is_called_by_what_its_browser_says_of_itself(user_agent, kind):
    assert kind_of(user_agent) == kind


def test_every_kind_has_a_word_and_fits_its_column():
    assert set(MACHINE_WORDS) == MACHINES - {"other"}
    assert set(BROWSER_WORDS) == BROWSERS
    assert max(map(len, MACHINES | BROWSERS)) <= 20


@pytest.mark.parametrize(
    ("oldest_at", "is_meant"),
    [(None, True), (NOW - timedelta(seconds=1), True), (NOW, False), (NOW + timedelta(days=1), False)],
)
def test_work_of_before_the_end_of_a_month_or_of_unknown_age_may_be_of_it(oldest_at, is_meant):
    assert belongs_to(oldest_at, NOW) is is_meant


def test_ids_are_found_wherever_they_stand_in_a_document():
    one, two = str(uuid.uuid4()), str(uuid.uuid4())
    content = {
        "photo": [one, "x"],
        "answers": {"roof": {"photo": [two, one]}},
        "n": 1,
        "file": one,
        "text": f"see {one}",
    }
    assert ids_in(content) == [one, two]


# reporting


def test_the_newest_word_of_a_browser_counts_for_each_person_on_it(context, person):
    tech, lead = person("tech"), person("lead")
    report(tech, waiting=3, oldest=MORNING.isoformat(), version="abc", packs=1)
    report(tech, at=NOW + timedelta(minutes=5), waiting=1, attention=1, drafts=2, storage_ok=False)
    report(lead, waiting=7)
    mine, hers = sorted(rows(), key=lambda row: row.waiting)
    assert (mine.person_id, mine.waiting, mine.attention, mine.drafts, mine.packs) == (tech.id, 1, 1, 2, 0)
    assert (mine.oldest_at, mine.version, mine.is_storage_ok) == (None, "", False)
    assert mine.reported_at == NOW + timedelta(minutes=5)
    assert (hers.person_id, hers.waiting, hers.device_id) == (lead.id, 7, PHONE)
    assert (mine.machine, mine.browser) == ("android_phone", "chrome")


@pytest.mark.parametrize(
    ("ahead", "oldest"),
    [(timedelta(minutes=4), MORNING), (timedelta(hours=-3), MORNING + timedelta(hours=3)), (None, MORNING)],
)
def test_the_age_of_the_oldest_is_corrected_where_the_devices_clock_is_wrong(context, person, ahead, oldest):
    sent_at = None if ahead is None else NOW + ahead
    report(person("tech"), waiting=1, oldest=MORNING.isoformat(), sent_at=sent_at)
    assert rows()[0].oldest_at == oldest


def test_reporting_by_form_and_by_json_writes_no_log_and_needs_no_more_than_a_few_statements(app, as_, queries):
    tech = as_("tech")
    assert posted(tech, waiting="2", oldest="", version="v1").status_code == 200
    before = log_length(app)
    queries.clear()
    answer = posted(tech, waiting="2", oldest="", version="v1")
    assert len([sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]) <= 3
    assert answer.headers["Cache-Control"] == "no-store"
    body = {"device": str(TABLET), "waiting": 0, "attention": 1, "oldest": "", "storage_ok": True}
    assert tech.post("/field-work/report", json=body).status_code == 200
    assert log_length(app) == before
    with app.app_context():
        assert [(row.waiting, row.attention, row.is_storage_ok) for row in rows()] == [(2, 0, None), (0, 1, True)]


def log_length(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "x"},
        {"waiting": "-1"},
        {"waiting": "many"},
        {"attention": ""},
        {"oldest": "x"},
        {"version": "x" * 81},
    ],
)
def test_what_cannot_be_read_changes_nothing(app, as_, changes):
    assert posted(as_("tech"), **changes).status_code == 422
    with app.app_context():
        assert rows() == []


def test_who_may_report(as_, client):
    for username in ("tech", "lead", "supervisor", "office", "admin", "tech2"):
        assert posted(as_(username)).status_code == 200, username
    assert posted(client).status_code == 401
    other = as_("tech").post("/field-work/report", data={}, headers={"X-Outbox-User": str(uuid.uuid4())})
    assert other.status_code == 403


def test_four_first_reports_at_once_make_one_row(app, as_):
    together, clients = Barrier(4, timeout=30), [as_("tech") for _nth in range(4)]

    def one(client) -> int:
        together.wait()
        return posted(client, waiting="2").status_code

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(one, clients)) == [200] * 4
    with app.app_context():
        assert [row.waiting for row in rows()] == [2]


def test_one_account_cannot_fill_the_table_and_old_empty_browsers_make_room(context, person):
    tech = person("tech")
    for nth in range(MOST_DEVICES):
        report(tech, uuid.UUID(int=100 + nth), waiting=nth % 2)
    with pytest.raises(Refused):
        report(tech, TABLET)
    report(tech, uuid.UUID(int=100), waiting=5)  # a known one goes on reporting
    report(person("lead"), TABLET)
    later = NOW + SILENT_AFTER + timedelta(seconds=1)
    report(tech, TABLET, at=later)
    mine = [row for row in rows() if row.person_id == tech.id]
    assert len(mine) == MOST_DEVICES // 2 + 2, "those with work out stay"


# what the office sees


def test_what_is_out_stands_first_and_the_oldest_of_it_at_the_top(context, person):
    report(person("lead"), TABLET, at=NOW)
    report(person("tech"), PHONE, at=NOW - timedelta(days=3), waiting=1, oldest=MORNING.isoformat())
    report(
        person("supervisor"),
        PHONE,
        at=NOW - timedelta(days=2),
        attention=1,
        oldest=(MORNING - SILENT_AFTER).isoformat(),
    )
    report(person("office"), PHONE, at=NOW - timedelta(hours=1))
    found = devices_of(shaoguan(), NOW)
    names = [each.report.person.username for each in found]
    assert names == ["supervisor", "tech", "lead", "office"]
    assert [each.person.username for each in unsent(shaoguan())] == ["supervisor", "tech"]


@pytest.mark.parametrize(
    ("silent", "waiting", "is_listed"),
    [
        (SILENT_AFTER - timedelta(seconds=1), 0, True),
        (SILENT_AFTER, 0, False),
        (SILENT_AFTER * 20, 1, True),
    ],
)
def test_a_silent_device_falls_away_unless_something_is_out_on_it(context, person, silent, waiting, is_listed):
    report(person("tech"), at=NOW - silent, waiting=waiting)
    assert bool(devices_of(shaoguan(), NOW)) is is_listed
    assert bool(unsent(shaoguan())) is bool(waiting)


def test_a_device_that_said_so_and_then_that_all_arrived_holds_nothing(context, person):
    report(person("tech"), waiting=3, oldest=MORNING.isoformat())
    report(person("tech"), at=NOW + timedelta(minutes=1))
    assert unsent(shaoguan()) == []


def test_devices_of_other_sites_are_not_seen_and_those_of_somebody_in_both_are_seen_in_both(context, person):
    report(person("tech2"), waiting=3)
    futian = site_coded("FT")
    assert (devices_of(shaoguan(), NOW), unsent(shaoguan())) == ([], [])
    assert len(unsent(futian.id)) == 1
    give_role(person("tech2"), site_coded("SG"), Role.TECHNICIAN, by=None, now=NOW)
    db.session.flush()
    assert len(unsent(shaoguan())) == 1
    take_role(person("tech2"), site_coded("SG"), Role.TECHNICIAN, by=person("admin"), now=NOW)
    db.session.flush()
    assert unsent(shaoguan()) == []


def test_the_page_says_in_one_line_what_is_out_on_whose_device(app, as_):
    with app.test_request_context(), transaction():
        tech = site_person("tech")
        report(tech, at=NOW, waiting=2, attention=1, oldest=MORNING.isoformat(), drafts=1, packs=2, version="ab12")
    text = plain(as_("lead").get("/field-work/devices").text)
    for words in (
        "Android phone · Chrome (张伟)", "3 documents not delivered", "1 of them was refused",
        "the oldest of Nov 18 09:12", "last contact Nov 20 10:00", "1 draft", "2 rounds", "ab12", "Lost or broken",
    ):  # fmt: skip
        assert words in text, words
    assert "Lost or broken" not in as_("supervisor").get("/field-work/devices").text
    assert "张伟" not in as_("supervisor2").get("/field-work/devices").text


def test_a_device_that_cannot_keep_what_is_written_is_pointed_out(app, as_):
    posted(as_("tech"), storage_ok="false")
    assert "cannot keep what is written" in as_("office").get("/field-work/devices").text


def test_no_device_at_all_has_a_page_too(as_):
    assert "No device has reported yet" in as_("lead").get("/field-work/devices").text


@pytest.mark.parametrize(
    ("username", "status"), [("lead", 200), ("office", 200), ("supervisor", 200), ("tech", 403), ("admin", 403)]
)
def test_who_sees_the_devices(as_, username, status):
    assert as_(username).get("/field-work/devices").status_code == status


def site_person(username: str):
    from tests.visits.days import somebody

    return somebody(username)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_the_page_takes_a_fixed_number_of_queries(app, as_, queries):
    lead, counts = as_("lead"), []
    for amount in (1, 12):
        with app.test_request_context(), transaction():
            for nth in range(amount):
                report(site_person("tech"), uuid.UUID(int=500 + nth), at=utc_now(), waiting=nth)
        queries.clear()
        lead.get("/field-work/devices")
        counts.append(len([sql for sql in queries if sql.startswith("SELECT")]))
    assert counts[0] == counts[1] <= 3


# lost devices


def test_a_lost_device_is_written_off_with_a_reason_and_warns_no_longer(context, person):
    tech, lead = person("tech"), person("lead")
    report(tech, waiting=2, oldest=MORNING.isoformat())
    write_off(device_for(shaoguan(), PHONE, tech.id), "fell into the shaft", site_id=shaoguan(), by=lead, now=NOW)
    assert unsent(shaoguan()) == []
    (listed,) = devices_of(shaoguan(), NOW)
    assert (listed.written_off_by, listed.report.written_off_reason) == ("李建国", "fell into the shaft")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.DEVICE_WRITTEN_OFF)).one()
    assert (entry.person_id, entry.subject, entry.site_id) == (lead.id, f"device:{PHONE}", shaoguan())
    assert entry.facts == {
        "person": str(tech.id), "held": 2, "reason": "fell into the shaft", "oldest": MORNING.isoformat(),
    }  # fmt: skip
    assert devices_of(shaoguan(), NOW + SILENT_AFTER + timedelta(days=1)) == []


def test_a_device_that_reports_again_counts_again(context, person):
    tech = person("tech")
    report(tech, waiting=2)
    write_off(device_for(shaoguan(), PHONE, tech.id), "lost", site_id=shaoguan(), by=person("lead"), now=NOW)
    report(tech, at=NOW + timedelta(days=1), waiting=2)
    assert [row.held for row in unsent(shaoguan())] == [2]
    assert rows()[0].written_off_reason == ""


def test_what_is_not_waited_for_is_not_written_off(context, person):
    tech, lead = person("tech"), person("lead")
    report(tech)
    with pytest.raises(Conflict):
        write_off(device_for(shaoguan(), PHONE, tech.id), "lost", site_id=shaoguan(), by=lead, now=NOW)
    report(tech, waiting=1)
    seen = device_for(shaoguan(), PHONE, tech.id)
    db.session.expunge(seen)
    report(tech, at=NOW + timedelta(seconds=1), waiting=1)  # it reported while somebody read the page
    with pytest.raises(Conflict):
        write_off(seen, "lost", site_id=shaoguan(), by=lead, now=NOW)
    fresh = device_for(shaoguan(), PHONE, tech.id)
    write_off(fresh, "lost", site_id=shaoguan(), by=lead, now=NOW)
    with pytest.raises(Conflict):
        write_off(fresh, "lost", site_id=shaoguan(), by=lead, now=NOW)


def test_a_device_of_another_site_is_not_there(context, person):
    report(person("tech2"), waiting=1)
    for device_id in (PHONE, TABLET):
        with pytest.raises(NotFound):
            device_for(shaoguan(), device_id, person("tech2").id)


@pytest.mark.parametrize(
    ("username", "status"),
    [("lead", 303), ("office", 303), ("supervisor", 403), ("tech", 403), ("admin", 403), ("supervisor2", 403)],
)
def test_who_may_write_off(app, as_, username, status):
    posted(as_("tech"), waiting="2")
    with app.app_context():
        tech_id = rows()[0].person_id
    address = f"/field-work/devices/{PHONE}/{tech_id}/writing-off"
    assert as_("lead").post(address, data={"reason": " "}).status_code == 422
    assert as_(username).post(address, data={"reason": "lost"}).status_code == status
    with app.app_context():
        assert bool(rows()[0].written_off_at) is (status == 303)


# the month


@pytest.fixture
def running() -> Month:
    return Month.of(utc_now().date())


@pytest.mark.parametrize(
    ("months_ago", "username", "is_linked"),
    [(0, "lead", True), (1, "supervisor", True), (0, "tech", False)],
)
def test_a_month_that_is_not_closed_warns_of_what_is_still_out(app, as_, running, months_ago, username, is_linked):
    oldest = utc_now() - timedelta(days=32 * months_ago)
    posted(as_("tech"), waiting="2", attention="1", oldest=oldest.isoformat())
    text = as_(username).get(f"/months/{running}").text
    assert 'id="unsent"' in text
    assert "3 documents of this month or before are still on devices." in text
    assert ("/field-work/devices" in text.partition("<main")[2]) is is_linked


def test_an_earlier_month_does_not_warn_of_younger_work_and_none_of_other_sites(as_, running):
    posted(as_("tech"), waiting="2", oldest=utc_now().isoformat())
    posted(as_("tech2"), TABLET, waiting="9", oldest=(utc_now() - timedelta(days=400)).isoformat())
    lead = as_("lead")
    assert 'id="unsent"' not in lead.get(f"/months/{running.previous()}").text
    assert "2 documents of this month" in lead.get(f"/months/{running}").text
    assert 'id="unsent"' not in lead.get(f"/months/{running.next()}").text, "a month to come has no figures yet"


def test_work_of_unknown_age_is_warned_of_in_every_month(as_, running):
    posted(as_("tech"), waiting="1")
    assert "1 document of this month or before is still" in as_("lead").get(f"/months/{running.previous()}").text


def test_a_month_without_anything_out_says_nothing(as_, running):
    posted(as_("tech"), drafts="3")
    assert 'id="unsent"' not in as_("lead").get(f"/months/{running}").text
