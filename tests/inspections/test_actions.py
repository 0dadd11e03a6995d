"""Handing in: one document, one record, whatever comes twice, odd or incomplete."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.inspections.documents import ANTENNA, WALL, asset_with, filled, picture
from webapp.audit.models import AuditEntry
from webapp.checklists.models import ChecklistVersion
from webapp.extensions import db
from webapp.faults.models import Finding, FindingPhoto
from webapp.files.actions import receive_file
from webapp.inspections import queries
from webapp.inspections.actions import hand_in, take
from webapp.inspections.models import Answer, Inspection, Return, Signature, Visit
from webapp.inspections.schemas import content_of, load_inspection
from webapp.kit.clock import Month, utc_now
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sync.actions import Sending
from webapp.sync.models import Arrival
from webapp.sync.rules import digest_of

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)  # noon in Shaoguan
MODEM, AMPLIFIER, CONVERTER = "SG-2-01-002", "SG-2-01-003", "SG-2-01-004"  # the antenna's neighbours


@pytest.fixture
def tech(person) -> Person:
    return person("tech")


def given(asset, inspection_id: uuid.UUID | None = None, **changes):
    return load_inspection(inspection_id or uuid.uuid4(), filled(asset, **changes))


def photo(by: Person, colour: str = "navy") -> uuid.UUID:
    row, _new = receive_file(uuid.uuid4(), picture(colour), None, by=by, now=NOON)
    return row.id


def answers_of(inspection: Inspection) -> list[Answer]:
    return list(db.session.scalars(select(Answer).where(Answer.inspection_id == inspection.id)))


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


def test_the_digest_covers_exactly_the_fields_that_came(context, tech):
    """No default may slip in on load: an app update between try and retry would make a false conflict."""
    form = filled(asset_with(ANTENNA))
    loaded = load_inspection(uuid.uuid4(), form)
    assert set(loaded) == {"id", "asset", "version", "started_at", "finished_at", "run_state", "answers"}
    assert loaded["answers"]["tx_safety"] == {"value": "pass"}
    assert loaded["answers"]["photo_roof"] == {"na": True}
    again = load_inspection(loaded["id"], {**form, "units_reason": "", "a.agc ": ""})
    assert digest_of("inspection", content_of(again)) == digest_of("inspection", content_of(loaded))


def test_an_inspection_is_recorded_with_answers_visit_and_log(context, tech):
    asset = asset_with(ANTENNA)
    done = hand_in(given(asset, at=NOON, accompanied_by="陈志强"), by=tech, now=NOON)
    assert (done.verdict, done.run_state, done.units_checked, done.flags) == ("ok", "running", 1, [])
    assert {answer.item_key: answer.value for answer in answers_of(done)}["acquire_time"] == "0"
    visit = db.session.get_one(Visit, done.visit_id)
    assert (str(visit.day), visit.number, visit.accompanied_by) == ("2026-11-18", 1, "陈志强")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.subject == f"inspection:{done.id}")).one()
    assert entry.facts["asset"] == ANTENNA


def test_the_same_document_again_changes_nothing(context, tech):
    asset, name = asset_with(ANTENNA), uuid.uuid4()
    form = filled(asset, at=NOON)
    first, is_new = take(load_inspection(name, form), by=tech, now=NOON)
    later = NOON + timedelta(hours=1)
    again, is_new_again = take(load_inspection(name, form), sending=Sending(sent_at=later), by=tech, now=later)
    assert (is_new, is_new_again) == (True, False)
    assert again.received_at == first.received_at
    assert count(Inspection) == count(Arrival) == 1


def test_other_content_or_another_author_under_the_same_id_is_a_conflict(context, tech, person):
    asset, name = asset_with(ANTENNA), uuid.uuid4()
    hand_in(given(asset, name, at=NOON), by=tech, now=NOON)
    with pytest.raises(Conflict):
        hand_in(given(asset, name, at=NOON, advice="more"), by=tech, now=NOON)
    with pytest.raises(Conflict):
        hand_in(given(asset, name, at=NOON), by=person("lead"), now=NOON)


def test_who_does_not_belong_to_the_site_finds_nothing_and_a_supervisor_may_not(context, person):
    asset = asset_with(ANTENNA)
    with pytest.raises(NotFound):
        hand_in(given(asset), by=person("tech2"), now=NOON)
    with pytest.raises(Refused):
        hand_in(given(asset), by=person("supervisor"), now=NOON)


def test_missing_answers_are_named_each_at_its_field(context, tech):
    asset = asset_with(ANTENNA)
    with pytest.raises(Invalid) as refused:
        hand_in(
            given(
                asset,
                **{
                    "a.tx_safety": None,
                    "na.tx_safety": "1",
                    "a.radome_body": None,
                    "a.acquire_time": "soon",
                    "na.photo_roof": None,
                    "run_state": None,
                },
            ),
            by=tech,
            now=NOON,
        )
    assert set(refused.value.fields) == {
        "a.tx_safety", "a.radome_body", "a.acquire_time", "photo.photo_roof", "run_state",
    }  # fmt: skip


def test_an_abnormal_item_needs_reason_photo_and_what_becomes_of_it(context, tech):
    asset = asset_with(ANTENNA)
    with pytest.raises(Invalid) as refused:
        hand_in(given(asset, **{"a.acquire_time": "342"}), by=tech, now=NOON)
    assert set(refused.value.fields) == {"why.acquire_time", "remedy.acquire_time", "photo.acquire_time"}


def test_answers_that_the_version_does_not_have_are_refused(context, tech):
    with pytest.raises(Invalid) as refused:
        hand_in(given(asset_with(ANTENNA), **{"a.no_such_item": "pass"}), by=tech, now=NOON)
    assert refused.value.code == "unknown_item"


def test_photos_that_have_not_arrived_are_asked_for_and_nothing_is_kept(context, tech):
    unknown = uuid.uuid4()
    with pytest.raises(Missing) as missing, transaction():
        hand_in(given(asset_with(ANTENNA), photos={"photo_roof": [unknown]}), by=tech, now=NOON)
    assert missing.value.more == {"missing": [str(unknown)]}
    assert count(Arrival) == count(Inspection) == 0


def test_anothers_photo_is_as_if_it_were_not_there(context, tech, person):
    foreign = photo(person("tech2"))
    with pytest.raises(NotFound):
        hand_in(given(asset_with(ANTENNA), photos={"photo_roof": [foreign]}), by=tech, now=NOON)


@pytest.mark.parametrize(("remedy", "kind"), [("fault", "fault"), ("hazard", "hazard")])
def test_an_abnormal_answer_raises_a_fault_or_hazard_with_its_photos(context, tech, remedy, kind):
    asset, shot = asset_with(ANTENNA), None
    shot = photo(tech)
    form = {"a.acquire_time": "342", "why.acquire_time": "多次重捕", "remedy.acquire_time": remedy}
    done = hand_in(given(asset, photos={"acquire_time": [shot]}, at=NOON, **form), by=tech, now=NOON)
    finding = db.session.scalars(select(Finding)).one()
    assert (finding.kind, finding.source) == (kind, f"inspection:{done.id}:acquire_time")
    assert finding.level == ("general" if remedy == "fault" else None)
    assert db.session.scalars(select(FindingPhoto.file_id)).all() == [shot]
    answer = next(one for one in answers_of(done) if one.item_key == "acquire_time")
    assert (answer.verdict, answer.finding_id, answer.judgement["excess"]) == ("abnormal", finding.id, "42")
    assert done.verdict == "abnormal"


def test_fixed_on_the_spot_raises_nothing_but_stays_abnormal(context, tech):
    form = {"a.stow": "fail", "why.stow": "螺丝松动", "remedy.stow": "fixed"}
    done = hand_in(given(asset_with(ANTENNA), photos={"stow": [photo(tech)]}, **form), by=tech, now=NOON)
    assert done.verdict == "abnormal"
    assert count(Finding) == 0


def test_what_was_typed_before_changing_ones_mind_is_not_stored_with_a_normal_answer(context, tech):
    form = {"a.stow": "pass", "why.stow": "mistyped", "remedy.stow": "fault", "level.stow": "major"}
    done = hand_in(given(asset_with(ANTENNA), **form), by=tech, now=NOON)
    answer = next(one for one in answers_of(done) if one.item_key == "stow")
    assert (answer.verdict, answer.why, answer.remedy, answer.level) == ("ok", "", "", "")
    assert count(Finding) == 0


def test_a_row_of_twelve_says_how_many_were_checked_which_are_abnormal_and_why_the_rest_not(context, tech):
    asset = asset_with(WALL)
    with pytest.raises(Invalid) as refused:
        hand_in(given(asset, units_checked="11"), by=tech, now=NOON)
    assert set(refused.value.fields) == {"units_reason"}
    bad = {"a.all_on": "partial", "why.all_on": "黑屏", "remedy.all_on": "fixed"}
    form = {"units_checked": "11", "units_reason": "被展板遮挡", "unit": ["7", "3", "7"], **bad}
    done = hand_in(given(asset, photos={"all_on": [photo(tech)]}, **form), by=tech, now=NOON)
    assert (done.units_total, done.units_checked, done.abnormal_units) == (12, 11, ["3", "7"])


def test_a_number_is_judged_against_the_last_accepted_value_before_it_began(context, tech):
    asset = asset_with(ANTENNA)
    hand_in(given(asset, at=NOON - timedelta(days=30), **{"a.agc": "62.1"}), by=tech, now=NOON - timedelta(days=30))
    assert queries.last_values(asset.id)["agc"].value == Decimal("62.1")
    with pytest.raises(Invalid) as refused:
        hand_in(given(asset, at=NOON, **{"a.agc": "59.0"}), by=tech, now=NOON)
    assert set(refused.value.fields) == {"why.agc", "remedy.agc", "photo.agc"}


def test_a_correction_is_not_compared_with_the_value_it_corrects_and_replaces_it(context, tech):
    asset = asset_with(ANTENNA)
    wrong = hand_in(given(asset, at=NOON, **{"a.agc": "621"}), by=tech, now=NOON)
    later = NOON + timedelta(hours=1)
    right = hand_in(given(asset, at=later, supersedes=str(wrong.id), **{"a.agc": "62.1"}), by=tech, now=later)
    assert right.supersedes_id == wrong.id
    assert "second_in_visit" not in right.flags
    standing = db.session.scalars(select(Inspection.id).where(queries.standing())).all()
    assert standing == [right.id]
    assert queries.last_values(asset.id)["agc"].value == Decimal("62.1")


def test_two_corrections_of_one_record_line_up_and_the_second_is_flagged(context, tech, person):
    asset = asset_with(ANTENNA)
    first = hand_in(given(asset, at=NOON), by=tech, now=NOON)
    second = hand_in(given(asset, at=NOON, supersedes=str(first.id)), by=tech, now=NOON)
    third = hand_in(given(asset, at=NOON, supersedes=str(first.id)), by=person("lead"), now=NOON)
    assert third.supersedes_id == second.id
    assert "replaced_twice" in third.flags


def test_only_an_inspection_of_the_same_asset_can_be_corrected(context, tech):
    other = hand_in(given(asset_with(WALL)), by=tech, now=NOON)
    for wrong in (other.id, uuid.uuid4()):
        with pytest.raises(Invalid):
            hand_in(given(asset_with(ANTENNA), supersedes=str(wrong)), by=tech, now=NOON)


def test_a_returned_inspection_does_not_count_and_gives_no_last_value(context, tech, person):
    asset = asset_with(ANTENNA)
    done = hand_in(given(asset, at=NOON, **{"a.agc": "62.1"}), by=tech, now=NOON)
    supervisor = person("supervisor")
    db.session.add(
        Return(
            id=uuid.uuid4(),
            inspection_id=done.id,
            item_key="agc",
            reason="看不清",
            returned_by=supervisor.id,
            returned_at=NOON,
            received_at=NOON,
        )
    )
    db.session.flush()
    assert queries.last_values(asset.id) == {}
    assert queries.inspected_in(asset.site_id, Month(2026, 11)) == []
    assert [one.id for one in queries.history_of(asset.id)] == [done.id]


def test_inspections_of_a_day_share_a_sheet_until_it_is_signed(context, tech, person):
    first = hand_in(given(asset_with(ANTENNA), at=NOON), by=tech, now=NOON)
    second = hand_in(given(asset_with(WALL), at=NOON), by=tech, now=NOON)
    assert first.visit_id == second.visit_id
    other_day = hand_in(given(asset_with(WALL), at=NOON - timedelta(hours=12, minutes=1)), by=tech, now=NOON)
    assert other_day.visit_id != first.visit_id
    supervisor = person("supervisor")
    db.session.add(
        Signature(
            id=uuid.uuid4(),
            visit_id=first.visit_id,
            capacity="supervisor",
            person_id=supervisor.id,
            name="陈志强",
            file_id=photo(supervisor),
            signed_at=NOON,
            received_at=NOON,
        )
    )
    db.session.flush()
    third = hand_in(given(asset_with("SG-1-02-002"), at=NOON), by=tech, now=NOON)
    assert db.session.get_one(Visit, third.visit_id).number == 2


def test_odd_documents_are_taken_and_flagged(context, tech):
    asset = asset_with(ANTENNA)
    current = queries_version(asset)
    newer = ChecklistVersion(
        id=uuid.uuid4(), checklist_id=current.checklist_id, number=current.number + 1, drafted_at=NOON,
        published_at=NOON, reason="new", items=[],
    )  # fmt: skip
    form = filled(asset, at=NOON)
    db.session.add(newer)
    asset.status = "retired"
    db.session.flush()
    hand_in(load_inspection(uuid.uuid4(), form), by=tech, now=NOON)
    shot = photo(tech)
    again = {
        **form,
        "started_at": (NOON + timedelta(minutes=9)).isoformat(),
        "na.photo_roof": "",
        "photo.photo_roof": [str(shot)],
        "photo.stow": [str(photo(tech))],
    }
    sending = Sending(sent_at=NOON + timedelta(hours=2))
    odd = hand_in(load_inspection(uuid.uuid4(), again), sending=sending, by=tech, now=NOON)
    assert set(odd.flags) == {
        "old_version", "retired", "second_in_visit", "reused_photo", "clock_skew", "times_reversed",
    }  # fmt: skip


def flags_of(code: str, by: Person, at: datetime = NOON, **changes: Any) -> list[str]:
    return hand_in(given(asset_with(code), at=at, **changes), by=by, now=at).flags


def test_two_devices_finished_within_seconds_by_one_person_are_flagged(context, tech, person):
    assert flags_of(ANTENNA, tech) == []
    soon = NOON + timedelta(seconds=4)
    assert flags_of(MODEM, person("lead"), soon) == []
    assert flags_of(MODEM, tech, soon) == ["too_fast"]
    assert flags_of(AMPLIFIER, tech, soon + timedelta(minutes=2)) == []
    assert flags_of(CONVERTER, tech, soon + timedelta(minutes=2), seconds="90") == [], "its own clock says otherwise"


def test_seconds_are_part_of_the_document_only_where_the_device_gave_them(context, tech):
    without, name = filled(asset_with(ANTENNA), at=NOON), uuid.uuid4()
    assert "seconds" not in content_of(load_inspection(name, without))
    assert content_of(load_inspection(name, {**without, "seconds": "75"}))["seconds"] == 75
    assert flags_of(ANTENNA, tech, seconds="3") == ["too_fast"]


def test_answers_to_another_checklist_are_kept_as_a_record_and_flagged(context, tech):
    """The asset may have been given another checklist while the device was away; the work was done all the same."""
    wall, antenna = asset_with(WALL), asset_with(ANTENNA)
    form = {**filled(antenna), "asset": str(wall.id), "units_checked": "12"}
    done = hand_in(load_inspection(uuid.uuid4(), form), by=tech, now=NOON)
    assert "other_checklist" in done.flags


def test_a_version_that_was_never_published_is_unknown(context, tech):
    form = filled(asset_with(ANTENNA), version=str(uuid.uuid4()))
    with pytest.raises(Invalid) as refused:
        hand_in(load_inspection(uuid.uuid4(), form), by=tech, now=NOON)
    assert set(refused.value.fields) == {"version"}


def test_a_tablet_with_a_dead_clock_does_not_put_the_record_into_another_year(context, tech):
    asleep = datetime(2000, 1, 1, tzinfo=UTC)
    form, sending = filled(asset_with(ANTENNA), at=asleep), Sending(sent_at=asleep + timedelta(minutes=1))
    done = hand_in(load_inspection(uuid.uuid4(), form), sending=sending, by=tech, now=NOON)
    assert done.finished_at == NOON - timedelta(minutes=1)
    assert "clock_skew" in done.flags
    arrival = db.session.get_one(Arrival, done.id)
    assert arrival.content["finished_at"].startswith("2000-01-01")
    assert arrival.claimed_at == asleep


def test_where_photos_are_forbidden_none_is_due_and_one_that_came_is_flagged(context, tech):
    asset = asset_with(ANTENNA)
    asset.photo_rule = "forbidden"
    db.session.flush()
    bare = {"na.photo_roof": None, "a.stow": "fail", "why.stow": "卡住", "remedy.stow": "fixed"}
    assert hand_in(given(asset, at=NOON, **bare), by=tech, now=NOON).flags == []
    shown = hand_in(given(asset, photos={"photo_roof": [photo(tech)]}), by=tech, now=NOON)
    assert "photo_forbidden" in shown.flags


def test_eight_arrivals_of_one_document_at_once_make_one_record(app):
    with app.test_request_context():
        asset_id = asset_with(ANTENNA).id
        form = filled(asset_with(ANTENNA), at=NOON)
        tech_id = db.session.scalars(select(Person.id).where(Person.username == "tech")).one()
    name, outcomes, start = uuid.uuid4(), [], threading.Barrier(8)

    def send() -> None:
        with app.test_request_context():
            by = db.session.get_one(Person, tech_id)
            start.wait()
            with transaction():
                outcomes.append(take(load_inspection(name, form), by=by, now=utc_now())[1])
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]
    with app.app_context():
        assert count(Inspection) == count(Visit) == 1
        assert db.session.scalars(select(Inspection.asset_id)).one() == asset_id


def test_eight_different_documents_at_once_share_one_sheet(app):
    with app.test_request_context():
        form = filled(asset_with(ANTENNA), at=NOON)
        tech_id = db.session.scalars(select(Person.id).where(Person.username == "tech")).one()
    start = threading.Barrier(8)

    def send() -> None:
        with app.test_request_context():
            by = db.session.get_one(Person, tech_id)
            start.wait()
            with transaction():
                take(load_inspection(uuid.uuid4(), form), by=by, now=utc_now())
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert (count(Inspection), count(Visit)) == (8, 1)


def queries_version(asset) -> ChecklistVersion:
    from webapp.checklists.queries import version_for

    found = version_for(asset)
    assert found
    return found
