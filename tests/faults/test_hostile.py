"""Documents of somebody who wants to break the room, or whose device does: refused with a reason, or harmless."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from tests.cast import EVERYBODY, FUTIAN
from tests.faults.played import finish, somebody, take
from tests.faults.test_actions import first_asset, raised, site_of
from tests.faults.test_flow import HOUR, NOW, fault
from webapp.extensions import db
from webapp.faults import commands
from webapp.faults.clocks import ClockName, clocks_of
from webapp.faults.gathering import facts_of
from webapp.faults.label_report_models import LabelReport
from webapp.faults.models import Finding, FindingEvent, FindingKind
from webapp.faults.steps import RULES
from webapp.kit.problems import Conflict, NotFound, Problem, Refused
from webapp.kit.transaction import transaction
from webapp.sync.models import Arrival, Refusal

JSON = {"Accept": "application/json"}
ODD = "\x01\x02\x0b\x0c\x1b[31m<script>alert(1)</script>&amp;\ufffe\uffff\u202e=1+1"

# the specification: who may take which step; field work by technician and lead, decisions by the bureau
FIELD, BUREAU = ("tech", "lead"), ("supervisor",)
MAY = {
    "instructed": ("lead",),
    "level_changed": ("lead", "supervisor"),
    "impact_set": ("tech", "lead", "supervisor"),
    "revisited": ("lead", "supervisor"),
    "effect_judged": BUREAU,
    "tested": BUREAU,
    "pause_agreed": BUREAU,
    "pause_refused": BUREAU,
    "resumed": BUREAU,
}
FULL: dict[str, Any] = {
    "person": "x",
    "text": "words",
    "difficulty": "long",
    "until": "2026-11-20T10:00",
    "change": "major",
    "part": "fuse",
    "quantity": 2,
    "cause": "theft",
    "told": "client",
    "pause_kind": "transmission",
    "pause": str(uuid.uuid4()),
    "level": "major",
    "impact": "serious",
    "passed": "false",
    "satisfied": "true",
}


@pytest.fixture
def in_app(app):
    def ask(question):
        with app.test_request_context():
            return question()

    return ask


@pytest.mark.one_database
@pytest.mark.parametrize("username", EVERYBODY)
def test_each_role_takes_its_own_steps_and_no_other(context, username):
    finding = fault(level="general")
    for kind in RULES:
        outcome: type[Exception] | None = None
        try:
            with transaction():
                take(finding, kind.value, by=username, now=NOW, **FULL)
        except Problem as problem:
            outcome = type(problem)
        if username in FUTIAN:
            assert outcome is NotFound, kind
        elif username in MAY.get(kind.value, FIELD):
            assert outcome is not Refused, kind
        else:
            assert outcome is Refused, kind


@pytest.mark.one_database
def test_every_step_is_refused_for_a_hazard_and_no_step_reaches_a_fault_of_another_site(context):
    with transaction():
        hazard, theirs = raised(somebody("tech"), FindingKind.HAZARD), raised(somebody("tech2"), code="FT")
    for kind in RULES:
        by = MAY.get(kind.value, FIELD)[0]
        with pytest.raises(Conflict) as caught, transaction():
            take(hazard, kind.value, by=by, now=NOW, **FULL)
        assert caught.value.code == "hazard"
        with pytest.raises(NotFound), transaction():
            take(theirs, kind.value, by=by, now=NOW, **FULL)
    assert db.session.scalar(select(func.count()).select_from(FindingEvent)) == 2
    assert not db.session.scalar(select(func.count()).select_from(Arrival))


def test_a_decision_about_a_pause_of_another_fault_decides_nothing(context):
    one, other = fault(level="general"), fault(level="general")
    with transaction():
        asked = take(one, "pause_asked", by="tech", now=NOW, pause_kind="transmission", text="dead")
    for kind in ("pause_agreed", "pause_refused", "resumed"):
        with pytest.raises(Conflict), transaction():
            take(other, kind, by="supervisor", now=NOW, pause=asked.facts["pause"], text="x")


def test_a_report_cannot_take_the_name_of_a_record_that_came_another_way(as_, in_app):
    """What an inspection or a label raised has its own id; a document of that name is refused and kept."""

    def ours() -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
        with transaction():
            one = raised(somebody("tech"), source="inspection:1:lamp")
            theirs = raised(somebody("tech2"), code="FT", source="inspection:2:lamp")
        return one.id, theirs.id, first_asset(site_of()).id

    one, theirs, asset = in_app(ours)
    form = {"asset": str(asset), "kind": "fault", "level": "general", "text": "mine now"}
    for name in (one, theirs):
        answer = as_("tech").post(f"/faults/{name}", data=form, headers=JSON)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "other_content")
    assert in_app(lambda: set(db.session.scalars(select(Finding.text)))) == {"no picture"}
    assert in_app(lambda: set(db.session.scalars(select(Refusal.status)))) == {409}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"happened_at": "9999-12-31T23:59:59Z"}, 422),
        ({"happened_at": "0001-01-01T00:00:00"}, 422),
        ({"happened_at": "2999-12-31T23:59:59"}, 422),  # has not come yet
        ({"happened_at": "2026-02-30T10:00"}, 422),
        ({"happened_at": "2026-11-18T10:00:00+99:99"}, 422),
        ({"happened_at": "NaN"}, 422),
        ({"happened_at": "1900-01-01T00:00:00+14:00"}, 201),  # kept, and flagged as before the report
        ({"claimed_at": "2999-12-31T23:59:59-14:00"}, 201),  # nobody is there any more: it counts as now
        ({"claimed_at": "0001-01-01T00:00:00"}, 422),
        ({"text": "a" * 2001}, 422),
        ({"text": "\x00\x00 \x00", "kind": "restored"}, 422),
        ({"kind": "closed"}, 422),
        ({"kind": "reported"}, 422),
        ({"kind": "arrived"}, 422),
        ({"kind": "approved"}, 422),
        ({"kind": "recounted"}, 422),
        ({"kind": ["repaired"]}, 422),
        ({"kind": "part_used", "part": "x", "quantity": 10**400}, 422),
        ({"kind": "part_used", "part": "x", "quantity": float("nan")}, 422),
        ({"kind": "part_used", "part": "x", "quantity": 0}, 422),
        ({"kind": "pause_asked", "pause_kind": "agreed", "text": "x", "person": "y"}, 422),
        ({"photo": [str(uuid.uuid4())] * 21}, 422),
        ({"photo": [str(uuid.uuid4())]}, 424),
        ({"id": "no id at all"}, 422),
        ({"id": None}, 422),
    ],
)
def test_an_odd_document_is_refused_with_a_reason_or_kept_as_harmless(as_, in_app, fields, status):
    finding, tech = in_app(lambda: fault(level="general").id), as_("tech")
    body = {"id": str(uuid.uuid4()), "kind": "acknowledged", "text": "words"} | fields
    answer = tech.post(f"/faults/{finding}/steps", json=body, headers=JSON)
    assert answer.status_code == status, answer.text
    page = tech.get(f"/faults/{finding}")
    assert page.status_code == 200
    if status == 422:
        assert in_app(lambda: db.session.scalar(select(func.count()).select_from(Refusal))) == 1
        assert in_app(lambda: db.session.scalar(select(func.count()).select_from(FindingEvent))) == 1
    if "1900" in str(fields):
        assert "This is said to have been before the report." in page.text


def test_a_megabyte_of_text_is_turned_away_and_nothing_is_left(as_, in_app):
    finding, tech = in_app(lambda: fault(level="general").id), as_("tech")
    answer = tech.post(f"/faults/{finding}/steps", data={"kind": "restored", "text": "a" * 1_100_000}, headers=JSON)
    assert answer.status_code in (413, 422)
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(FindingEvent))) == 1


def test_texts_with_html_formulas_and_control_characters_hurt_no_page_and_no_paper(as_, in_app):
    tech, lead, bureau = as_("tech"), as_("lead"), as_("supervisor")
    asset = str(in_app(lambda: first_asset(site_of()).id))
    fault_id, hazard_id = str(uuid.uuid4()), str(uuid.uuid4())
    body = {"asset": asset, "kind": "fault", "level": "general", "text": f"=bad {ODD}", "item_text": ODD}
    assert tech.post(f"/faults/{fault_id}", json=body, headers=JSON).status_code == 201
    body = {"asset": asset, "kind": "hazard", "text": f"=bad {ODD}"}
    assert tech.post(f"/faults/{hazard_id}", json=body, headers=JSON).status_code == 201
    record = {"cause": "power", "handling": ODD, "analysis": ODD, "lessons": ODD, "responsibility": ODD}
    for kind, fields in (("repaired", {"text": ODD}), ("part_used", {"part": ODD}), ("analysed", record)):
        step = {"id": str(uuid.uuid4()), "kind": kind, **fields}
        assert tech.post(f"/faults/{fault_id}/steps", json=step, headers=JSON).status_code == 201
    test = {"kind": "tested", "passed": "true", "text": ODD}
    assert bureau.post(f"/faults/{fault_id}/steps", data=test).status_code == 303
    number = in_app(lambda: db.session.get_one(Finding, uuid.UUID(fault_id)).number)
    month = f"20{number[3:5]}-{number[5:7]}"
    shown = [
        "/faults",
        f"/faults/{fault_id}",
        f"/faults/{hazard_id}",
        "/fault-book",
        "/board",
        f"/faults/hazards/lists/{month}",
    ]
    for address in (*shown, f"/assets/{asset}", f"/months/{month}"):
        answer = lead.get(address)
        assert answer.status_code in (200, 302, 303, 404), address
        assert "<script>alert" not in answer.text, address
    for address in (f"/faults/{fault_id}/report.docx", f"/months/{month}.xlsx", f"/months/{month}.docx"):
        answer = lead.get(address)
        assert answer.status_code == 200, address
        assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None


def test_what_says_nothing_once_it_is_clean_is_no_report_and_no_reason(client, as_, in_app):
    finding = in_app(lambda: fault(level="general").id)
    asset = str(in_app(lambda: first_asset(site_of()).id))
    for text in ("\x00\x00", " \x00 ", "\u3000"):
        body = {"asset": asset, "kind": "hazard", "text": text}
        assert as_("tech").post(f"/faults/{uuid.uuid4()}", json=body, headers=JSON).status_code == 422
        assert as_("supervisor").post(f"/faults/{finding}/closure", data={"reason": text}).status_code == 422
    token = in_app(_open_label)
    for text in ("\x00", "\x00 \x00", "a" * 501):
        assert client.post(f"/a/{token}/report", data={"text": text}).status_code == 422
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(LabelReport))) == 0


def _open_label() -> str:
    from tests.faults.test_label_reports import switch

    with transaction():
        return switch()


def test_a_fault_told_late_with_a_level_that_its_time_did_not_know_runs_under_the_newest_terms(context):
    """A level that no terms know would have no clock at all, and nobody would be warned."""
    before, site = fault(level="general"), site_of()
    levels = [level | {"key": "slight" if level["key"] == "general" else level["key"]} for level in site.fault_levels]
    with transaction():
        site.fault_levels = levels  # as the import of another contract brings it
    after, known = fault(level="slight", at=NOW), fault(level="major", at=NOW)
    late = NOW + HOUR
    with transaction():
        told = raised(somebody("tech"), level="slight", reported_at=NOW - HOUR, now=late)
    limits = [clocks_of(facts_of(one), late)[ClockName.HANDLING].limit for one in (before, after, told, known)]
    assert limits == [8 * HOUR, 8 * HOUR, 8 * HOUR, 4 * HOUR]


def test_a_revisit_after_the_closing_is_where_it_belongs_and_not_flagged(context):
    finding = fault(level="general")
    with transaction():
        finish(finding, now=NOW)
        revisit = take(finding, "revisited", by="lead", now=NOW + HOUR, satisfied="true")
        late = take(finding, "part_used", by="tech", now=NOW + HOUR, part="fuse")
    assert (revisit.facts["flags"], late.facts["flags"]) == ([], ["closed"])


def test_the_sweep_as_a_service_goes_on_when_the_database_fails_for_a_while(app, monkeypatch):
    class Stopped(Exception):
        """Ends the service of the test."""

    turns = iter([None, OperationalError("select", {}, Exception("is away")), None, Stopped()])

    def once() -> int:
        outcome = next(turns)
        if outcome:
            raise outcome
        return 2

    monkeypatch.setattr(commands, "sweep_once", once)
    monkeypatch.setattr(commands.time, "sleep", lambda _seconds: None)
    done = app.test_cli_runner().invoke(args=["faults", "sweep", "--every", "5"])
    assert isinstance(done.exception, Stopped)
    assert done.output.splitlines() == ["2 warnings", "database failed, next try in 5 s: is away", "2 warnings"]
