"""Handing in, copying from the inspections of the day, problems, correction, signing and sealing."""

import threading
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from tests.faults.played import finish
from tests.jointtests.documents import (
    DAY,
    NOON,
    flat_record,
    handed_in,
    problem,
    sealed,
    signed,
    slow_uplink,
)
from tests.visits.days import inspected, somebody
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.inspections.models import Return
from webapp.jointtests import queries
from webapp.jointtests.actions import hand_in
from webapp.jointtests.models import JointTest, JointTestValue
from webapp.jointtests.schemas import load_document
from webapp.jointtests.seal import content_of
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.seals.queries import seal_of
from webapp.sites.queries import site_coded
from webapp.sync.actions import Sending

MORNING = NOON - timedelta(hours=2, minutes=30)
VEHICLE = "SG-P-VEHICLE"


def value(test, section, item_key, turn=0):
    return db.session.scalar(
        select(JointTestValue).where(
            JointTestValue.test_id == test.id,
            JointTestValue.section == section,
            JointTestValue.turn == turn,
            JointTestValue.item_key == item_key,
        )
    )


def refused_fields(**changes):
    with pytest.raises(Invalid) as refused:
        handed_in(**changes)
    return refused.value.fields


def test_a_complete_record_is_stored_with_number_result_and_judgements(context):
    test = handed_in()
    assert (test.number, test.day, test.result) == ("JT-SG-202611-01", DAY, "pass")
    assert value(test, "header", "record_no").value == test.number
    rate = value(test, "ka_portable", "down_rate", 2)
    assert (rate.origin, rate.verdict, rate.judgement["low"]) == ("ask", "ok", "36")
    assert test.finished_at - test.started_at == timedelta(hours=2, minutes=30)


def test_states_of_the_same_day_are_copied_with_a_link_to_their_inspection(context):
    inspection = inspected(VEHICLE, somebody("tech"), at=MORNING)
    test = handed_in(**{"v.preparation.0.vehicle_power": None, "v.preparation.0.fastening": None})
    row = value(test, "preparation", "vehicle_power")
    assert (row.value, row.origin, row.inspection_id) == ("pass", "copy", inspection.id)
    assert {source["inspection"] for source in row.judgement["sources"]} == {str(inspection.id)}
    assert value(test, "preparation", "checklists_done").value.startswith("1/")


def test_what_the_server_copies_goes_before_what_the_device_sent(context):
    inspected(VEHICLE, somebody("tech"), at=MORNING)
    test = handed_in(**{"v.preparation.0.vehicle_power": "fail"})
    assert value(test, "preparation", "vehicle_power").value == "pass"


def test_yesterday_counts_for_nothing(context):
    inspected(VEHICLE, somebody("tech"), at=MORNING - timedelta(days=1))
    assert "preparation.0.vehicle_power" in refused_fields(**{"v.preparation.0.vehicle_power": None})


def test_a_returned_inspection_counts_for_nothing(context):
    inspection = inspected(VEHICLE, somebody("tech"), at=MORNING)
    by = somebody("supervisor")
    db.session.add(
        Return(
            id=uuid.uuid4(),
            inspection_id=inspection.id,
            reason="重查",
            returned_by=by.id,
            returned_at=NOON,
            received_at=NOON,
        )
    )
    db.session.flush()
    assert "preparation.0.vehicle_power" in refused_fields(**{"v.preparation.0.vehicle_power": None})


def test_an_abnormal_state_of_the_day_must_be_asked(context):
    changes = {"a.power_dist": "fail", "why.power_dist": "跳闸", "remedy.power_dist": "fixed"}
    from tests.visits.days import photo

    inspected(VEHICLE, somebody("tech"), at=MORNING, **changes, **{"photo.power_dist": [str(photo(somebody("tech")))]})
    assert "preparation.0.vehicle_power" in refused_fields(**{"v.preparation.0.vehicle_power": None})
    assert value(handed_in(), "preparation", "vehicle_power").origin == "ask"


def test_an_unconfirmed_proposal_counts_as_missing_and_overwriting_it_confirms(context):
    name = "ku_otm.0.acquire_time"
    proposal = {f"was.{name}": "182", f"v.{name}": "182", f"ok.{name}": None}
    assert name in refused_fields(**proposal)
    test = handed_in(**{**proposal, f"v.{name}": "190"})
    assert value(test, "ku_otm", "acquire_time").value == "190"
    again = handed_in(**{**proposal, f"ok.{name}": "1"})
    row = value(again, "ku_otm", "acquire_time")
    assert (row.value, row.origin) == ("182", "prefill")


def test_the_proposal_of_the_server_itself_needs_confirmation_even_if_the_device_hides_it(context):
    handed_in(day=date(2026, 10, 22), **{"v.header.0.location": "车库"})
    assert "header.0.location" in refused_fields(**{"v.header.0.location": "车库", "ok.header.0.location": None})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"v.ku_otm.0.ebn0": None}, "ku_otm.0.ebn0"),
        ({"v.ku_otm.0.rtt": "fast"}, "ku_otm.0.rtt"),
        ({"v.header.0.weather": "snow"}, "header.0.weather"),
        ({"v.header.0.technicians": None}, "header.0.technicians"),
        ({"v.header.0.end_time": "08:00"}, "header.0.end_time"),
        ({"v.header.0.start_time": "soon"}, "header.0.start_time"),
        ({"v.ku_otm.0.link_up": "later"}, "ku_otm.0.link_up"),
        ({"v.mesh.0.result": "not_tested", "v.mesh.0.remark": None}, "mesh.0.remark"),
        ({"photo.conclusion.0.photos": None}, "conclusion.0.photos"),
        ({"v.integration.0.video_to_wall": "fail"}, "integration.0"),
        ({"v.mesh.0.result": "degraded"}, "mesh.0"),
    ],
)
def test_what_is_missing_or_wrong_is_named_by_section_and_item(context, changes, named):
    found = refused_fields(**changes)
    assert list(found) == [named]
    assert found[named][0]


def test_a_station_that_nobody_answered_is_named(context):
    gone = {name: None for name in flat_record() if name.startswith(("v.ka_portable.2.", "ok.ka_portable.2."))}
    assert list(refused_fields(**gone)) == ["ka_portable.SG-3-01-001"]


def test_a_link_that_was_not_tested_needs_a_reason_and_no_values(context):
    fields = [name for name in flat_record() if name.startswith(("v.mesh.0.", "ok.mesh.0."))]
    test = handed_in(**{**dict.fromkeys(fields), "v.mesh.0.result": "not_tested", "v.mesh.0.remark": "雷雨"})
    assert value(test, "mesh", "remark").value == "雷雨"


def test_blank_repetitions_of_a_plain_form_are_left_out(context):
    test = handed_in(**{"v.participants.2.party_name": "", "was.participants.2.party": "duty_room"})
    assert value(test, "participants", "party", 2) is None


def test_each_problem_becomes_a_fault_that_names_its_device(context):
    test = handed_in(**slow_uplink())
    row = value(test, "problems", "work_order", 1)
    finding = db.session.get_one(Finding, row.finding_id)
    assert (finding.number, finding.level, finding.channel) == (row.value, "general", "joint_test")
    assert finding.source == f"joint_test:{test.id}:problem:1"
    assert "5.1 Mbit/s" in value(test, "problems", "where", 1).value
    asset = db.session.get_one(type(finding).asset.property.mapper.class_, finding.asset_id)
    assert asset.code == "SG-3-01-001"


def test_a_problem_needs_its_photo_and_every_field(context):
    changes = slow_uplink()
    for name in ("photo.problems.1.phenomenon", "v.problems.1.measure"):
        del changes[name]
    assert list(refused_fields(**changes)) == ["problems.1.phenomenon", "problems.1.measure"]


def test_a_problem_may_be_declined_with_a_reason(context):
    changes = {"v.mesh.0.result": "degraded", "dismissed": "mesh.0"}
    assert list(refused_fields(**changes, **{"v.mesh.0.remark": None})) == ["mesh.0.remark"]
    test = handed_in(**changes, **{"v.mesh.0.remark": "已有故障单"})
    assert value(test, "problems", "where", 1) is None


def test_open_problems_are_listed_again_until_they_are_closed(context):
    earlier = handed_in(day=date(2026, 10, 22), now=NOON - timedelta(days=28), **slow_uplink())
    finding_id = value(earlier, "problems", "work_order", 1).finding_id
    later = handed_in()
    assert value(later, "problems", "work_order", 1).finding_id == finding_id
    assert value(later, "problems", "carried_over", 1).value == "2026-10-22"
    finish(db.session.get_one(Finding, finding_id), now=NOON)
    assert value(handed_in(), "problems", "where", 1) is None


def test_last_month_stands_beside_each_value_of_the_same_station(context):
    handed_in(day=date(2026, 10, 22), **{"v.ka_portable.2.up_rate": "6.2"})
    test = handed_in(**{"v.ka_portable.2.up_rate": "6.0"})
    judgement = value(test, "ka_portable", "up_rate", 2).judgement
    assert (judgement["previous"], judgement["previous_on"]) == ("6.2", "2026-10-22")
    assert "6.2 → 6.0" in value(test, "conclusion", "compare").value


def test_an_earlier_test_of_the_same_month_is_not_what_one_compares_with(context):
    handed_in(**{"v.ku_otm.0.ebn0": "9"})
    assert "previous" not in value(handed_in(), "ku_otm", "ebn0").judgement


def test_the_same_document_again_changes_nothing_and_another_content_is_a_conflict(context):
    fields = flat_record()
    document, test_id, by = load_document(MultiDict(fields)), uuid.uuid4(), somebody("tech")
    first = hand_in(test_id, document, by=by, now=NOON)
    again = hand_in(test_id, document, sending=Sending(sent_at=NOON), by=by, now=NOON + timedelta(minutes=5))
    assert (first.is_new, again.is_new, again.digest) == (True, False, first.digest)
    other = load_document(MultiDict({**fields, "v.header.0.temperature": "21"}))
    with pytest.raises(Conflict):
        hand_in(test_id, other, by=by, now=NOON)
    assert db.session.scalar(select(func.count()).select_from(JointTest)) == 1


def test_photos_that_have_not_arrived_are_asked_for(context):
    missing = uuid.uuid4()
    with pytest.raises(Missing) as refused:
        handed_in(**{"photo.conclusion.0.photos": str(missing)})
    assert refused.value.more == {"missing": [str(missing)]}


def test_only_technicians_of_a_centre_with_the_vehicle_hand_in(context):
    for username in ("supervisor", "office", "admin"):
        with pytest.raises(Refused):
            handed_in(username)
    with pytest.raises(NotFound):
        handed_in("tech2")
    with pytest.raises(NotFound, match="satellite"):
        handed_in("tech2", site="FT")


def test_a_correction_replaces_the_record_and_raises_no_fault_twice(context):
    old = handed_in(**slow_uplink())
    changes = {**slow_uplink(), "supersedes": str(old.id), "v.ka_portable.2.up_rate": "5.2"}
    new = handed_in(**changes)
    assert (new.supersedes_id, new.number) == (old.id, "JT-SG-202611-02")
    assert db.session.scalar(select(func.count()).select_from(Finding)) == 1
    assert [test.id for test in queries.tests_of(new.site_id, Month(2026, 11))] == [new.id]
    with pytest.raises(Conflict):
        handed_in(**changes)
    with pytest.raises(Conflict):
        signed(old, "tech", "technician")


def test_technician_and_supervisor_together_seal_the_record(context):
    test = handed_in(**slow_uplink())
    assert signed(test, "tech", "technician").seal is None
    made = signed(test, "supervisor", "supervisor").seal
    assert made is not None
    assert (made.kind, made.record_id) == ("joint_test", test.id)


def test_a_signature_in_the_wrong_capacity_or_twice_is_refused(context):
    test = handed_in()
    with pytest.raises(Refused):
        signed(test, "tech", "supervisor")
    with pytest.raises(Refused):
        signed(test, "supervisor", "technician")
    with pytest.raises(Refused):
        signed(test, "lead", "technician")
    with pytest.raises(NotFound):
        signed(test, "supervisor2", "supervisor")
    with pytest.raises(Conflict):
        signed(test, "tech", "technician", covers="0" * 64)
    first = {"id": uuid.uuid4(), "file": None}
    from tests.visits.days import drawn_by

    first["file"] = drawn_by(somebody("supervisor"), seed=3)
    signed(test, "supervisor", "supervisor", **first)
    assert signed(test, "supervisor", "supervisor", **first).is_new is False
    with pytest.raises(Conflict):
        signed(test, "supervisor", "supervisor")


def test_the_seal_holds_every_value_photo_and_signature_with_their_digests(context):
    test = sealed(**slow_uplink())
    content = content_of(test.id)
    values = {entry["key"]: entry for entry in content["values"]}
    assert values["ka_portable.2.up_rate"]["value"] == "5.1"
    assert values["ka_portable.2.up_rate"]["verdict"] == "abnormal"
    assert len(values["conclusion.0.photos"]["photos"][0]["sha256"]) == 64
    assert [(entry["capacity"], len(entry["sha256"])) for entry in content["signatures"]] == [
        ("supervisor", 64),
        ("technician", 64),
    ]
    assert seal_of("joint_test", test.id) is not None


def test_a_changed_value_no_longer_gives_the_sealed_content(context):
    from webapp.seals.rules import content_text

    test = sealed()
    made = seal_of("joint_test", test.id)
    assert made is not None
    assert content_text(content_of(test.id)) == made.content
    value(test, "ka_portable", "up_rate", 1).value = "6.1"
    db.session.flush()
    assert content_text(content_of(test.id)) != made.content


def test_the_form_is_offered_only_where_its_equipment_is(context):
    assert queries.form_of(site_coded("SG").id) is not None
    assert queries.form_of(site_coded("FT").id) is None


def test_records_handed_in_at_the_same_moment_get_different_numbers(app):
    with app.test_request_context(), transaction():
        forms = [flat_record() for _turn in range(4)]
    numbers, problems = [], []

    def run(fields):
        try:
            with app.test_request_context(), transaction():
                document = load_document(MultiDict(fields))
                numbers.append(hand_in(uuid.uuid4(), document, by=somebody("tech"), now=NOON).test.number)
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(fields,)) for fields in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert sorted(numbers) == [f"JT-SG-202611-{n:02d}" for n in range(1, 5)]


def test_every_ask_value_is_stored_as_measured_never_as_copied(context):
    inspected(VEHICLE, somebody("tech"), at=MORNING)
    test = handed_in(**problem("mesh.0"), **{"v.mesh.0.result": "degraded"})
    rows = db.session.scalars(select(JointTestValue).where(JointTestValue.test_id == test.id)).all()
    copies = {f"{row.section}.{row.item_key}" for row in rows if row.origin == "copy"}
    assert copies == {"preparation.vehicle_power", "preparation.fastening"}
