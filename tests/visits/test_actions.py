"""Signing, sealing, sending back and explaining: what happens, what is refused, and that nothing happens twice."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.inspections.documents import ANTENNA, WALL, asset_with
from tests.visits.days import (
    EVENING,
    MORNING,
    QUIET,
    abnormal_antenna,
    day_of,
    drawn_by,
    inspected,
    quiet_day,
    signed,
    signing,
    somebody,
)
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.inspections.models import Answer, Inspection, Omission, Return, Signature, Visit
from webapp.inspections.queries import standing
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Problem, Refused
from webapp.kit.transaction import transaction
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of
from webapp.sync.actions import Sending
from webapp.visits.actions import covers_of, explain_omission, give_back, sign_off
from webapp.visits.queries import not_reached, returned_for, unsigned, visits_of
from webapp.visits.seal import content_of

SHORT = QUIET[:1]


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


def inspection_of(code: str) -> Inspection:
    asset = asset_with(code)
    return db.session.scalars(select(Inspection).where(Inspection.asset_id == asset.id)).one()


def returning(**changes) -> dict:
    return {"id": uuid.uuid4(), "reason": "复测读数没有照片，请补拍并重测。", "returned_at": EVENING, **changes}


def test_the_supervisors_signature_seals_a_sheet_of_shaoguan(context):
    visit = day_of(codes=SHORT)
    result = signed(visit)
    assert (result.is_new, result.seal.number) == (True, 1)
    content = json.loads(seal_of("visit", visit.id).content)
    assert [each["asset"]["printed"]["code"] for each in content["inspections"]] == [WALL, ANTENNA, *SHORT]
    assert content["signatures"][0]["name"] == "陈志强"
    assert {"sha256", "file", "signed_at", "capacity"} <= content["signatures"][0].keys()
    log = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject == f"visit:{visit.id}")).all()
    assert set(log) == {Verb.VISIT_SIGNED.value, Verb.RECORD_SEALED.value}


def test_the_inspector_may_sign_first_and_stands_in_the_seal(context):
    visit = day_of(codes=SHORT)
    assert signed(visit, "tech", "inspector").seal is None
    content = json.loads(signed(visit).seal.content)
    assert [each["capacity"] for each in content["signatures"]] == ["inspector", "supervisor"]


@pytest.mark.parametrize("order", [("inspector", "handover"), ("handover", "inspector")])
def test_futian_is_sealed_by_the_second_of_two_signatures(context, order):
    visit = quiet_day(codes=("FT-1-02-014",))
    who = {"inspector": "tech2", "handover": "supervisor2"}
    assert signed(visit, who[order[0]], order[0]).seal is None
    assert signed(visit, who[order[1]], order[1]).seal.number == 1


@pytest.mark.parametrize(
    ("username", "capacity", "problem"),
    [
        ("tech", "supervisor", Refused),
        ("lead", "supervisor", Refused),
        ("supervisor", "inspector", Refused),
        ("lead", "inspector", Refused),
        ("supervisor", "handover", Refused),  # Shaoguan's sheet has no such place
        ("office", "supervisor", Refused),
        ("supervisor2", "supervisor", NotFound),  # another command centre
    ],
)
def test_nobody_signs_in_a_capacity_that_is_not_theirs(context, username, capacity, problem):
    visit = day_of(codes=SHORT)
    with pytest.raises(problem):
        signed(visit, username, capacity)
    assert count(Signature) == count(Seal) == 0


def test_the_inspector_of_futian_cannot_take_over_the_own_sheet(context):
    with pytest.raises(Refused):
        signed(quiet_day(codes=("FT-1-02-014",)), "tech2", "handover")


def test_the_same_sign_off_again_changes_nothing(context):
    visit, by = day_of(codes=SHORT), somebody("supervisor")
    fields = signing(visit, by)
    first = sign_off(visit.id, fields, by=by, now=EVENING)
    again = sign_off(visit.id, fields, sending=Sending(sent_at=EVENING), by=by, now=EVENING + timedelta(hours=1))
    assert (again.is_new, again.id, again.digest, again.seal) == (False, first.id, first.digest, first.seal)
    assert (count(Signature), count(Seal)) == (1, 1)


def test_another_content_under_the_same_id_is_a_conflict(context):
    visit, by = day_of(codes=SHORT), somebody("supervisor")
    fields = signing(visit, by)
    sign_off(visit.id, fields, by=by, now=EVENING)
    with pytest.raises(Conflict) as caught:
        sign_off(visit.id, {**fields, "name": "别人"}, by=by, now=EVENING)
    assert caught.value.code == "other_content"


def test_a_sheet_that_grew_since_it_was_shown_is_not_signed(context):
    visit, by = day_of(codes=SHORT), somebody("supervisor")
    fields = signing(visit, by)
    for code in QUIET[1:]:
        inspected(code, somebody("tech"), at=MORNING + timedelta(hours=1))
    with pytest.raises(Conflict) as caught:
        sign_off(visit.id, fields, by=by, now=EVENING)
    assert caught.value.code == "sheet_changed"
    assert "2" in caught.value.message
    assert count(Seal) == 0


@pytest.mark.parametrize("covers", [[], ["nonsense"], None])
def test_a_signature_that_covers_something_else_is_refused(context, covers):
    visit = day_of(codes=SHORT)
    with pytest.raises(Conflict):
        signed(visit, covers=covers or [])


def test_a_returned_row_stays_on_the_sheet_and_out_of_the_acceptance(context):
    visit, by = day_of(codes=SHORT), somebody("supervisor")
    shown = covers_of(visit.id)
    antenna = inspection_of(ANTENNA)
    give_back(antenna.id, returning(item="acquire_time"), by=by, now=EVENING)
    content = json.loads(signed(visit, covers=shown).seal.content)  # the page that was open before the return
    sealed = next(each for each in content["inspections"] if each["id"] == str(antenna.id))
    assert [(one["item"], one["reason"][:2]) for one in sealed["returns"]] == [("acquire_time", "复测")]
    done = db.session.scalars(select(Inspection.id).where(standing())).all()
    assert antenna.id not in done
    assert len(done) == 2


def test_a_sheet_with_nothing_but_returns_cannot_be_signed(context):
    by = somebody("supervisor")
    antenna = abnormal_antenna(somebody("tech"))
    give_back(antenna.id, returning(), by=by, now=EVENING)
    db.session.flush()
    with pytest.raises(Conflict) as caught:
        signed(db.session.get_one(Visit, antenna.visit_id))
    assert caught.value.code == "empty"


def test_an_empty_sheet_cannot_be_signed(context):
    tech = somebody("tech")
    visit = Visit(
        id=uuid.uuid4(),
        site_id=asset_with(ANTENNA).site_id,
        day=MORNING.date(),
        technician_id=tech.id,
        number=1,
        created_at=MORNING,
    )
    db.session.add(visit)
    with pytest.raises(Conflict):
        signed(visit)


def test_a_signature_without_its_picture_waits_for_it(context):
    visit = day_of(codes=SHORT)
    with pytest.raises(Missing) as caught:
        signed(visit, file=uuid.uuid4())
    assert caught.value.status == 424
    fields = signing(visit, somebody("supervisor"))
    del fields["file"]
    with pytest.raises(Invalid):
        sign_off(visit.id, fields, by=somebody("supervisor"), now=EVENING)


def test_another_persons_picture_is_no_signature(context):
    visit = day_of(codes=SHORT)
    with pytest.raises(NotFound):
        signed(visit, file=drawn_by(somebody("tech2")))


def test_a_second_signature_in_the_same_place_is_refused(context):
    visit = quiet_day(codes=("FT-1-02-014",))
    signed(visit, "tech2", "inspector")
    with pytest.raises(Conflict) as caught:
        signed(visit, "tech2", "inspector")
    assert caught.value.code == "already_signed"


def test_after_sealing_no_door_changes_the_sheet(context):
    visit, supervisor, tech = day_of(codes=SHORT), somebody("supervisor"), somebody("tech")
    missed = asset_with("SG-2-01-003")
    sealed = signed(visit).seal.content
    antenna = inspection_of(ANTENNA)
    deeds = [
        lambda: give_back(antenna.id, returning(), by=supervisor, now=EVENING),
        lambda: signed(visit, "tech", "inspector"),
        lambda: signed(visit),
        lambda: explain_omission(visit.id, {"asset": missed.id, "reason": "外借"}, by=tech, now=EVENING),
    ]
    for deed in deeds:
        with pytest.raises(Conflict):
            deed()
    assert sealed == json.dumps(json.loads(sealed), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert count(Return) == count(Omission) == 0


def test_a_correction_after_sealing_is_a_new_inspection_on_a_new_sheet(context):
    visit = day_of(codes=SHORT)
    before = signed(visit).seal.content
    antenna = inspection_of(ANTENNA)
    newer = inspected(ANTENNA, somebody("tech"), at=EVENING, supersedes=str(antenna.id))
    db.session.flush()
    assert newer.visit_id != visit.id
    assert db.session.get_one(Visit, newer.visit_id).number == 2
    assert seal_of("visit", visit.id).content == before
    present = content_of(visit.id)
    assert "superseded" not in str(present)
    assert [line.visit.id for line in unsigned(visit.site_id)] == [newer.visit_id]


def test_a_return_names_reason_item_and_person_and_is_shown_to_the_technician(context):
    visit, by = day_of(codes=SHORT), somebody("supervisor")
    antenna = inspection_of(ANTENNA)
    fields = returning(item="acquire_time")
    assert give_back(antenna.id, fields, by=by, now=EVENING).is_new
    assert not give_back(antenna.id, fields, by=by, now=EVENING).is_new
    found = returned_for(visit.site_id, visit.technician_id)
    assert [(each.asset.code, each.returns[0].reason) for each in found] == [(ANTENNA, fields["reason"])]
    assert returned_for(visit.site_id, by.id) == []
    inspected(ANTENNA, somebody("tech"), at=EVENING, supersedes=str(antenna.id))
    assert returned_for(visit.site_id) == []


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("", "", Conflict),
        ("", "acquire_time", Conflict),
        ("acquire_time", "acquire_time", Conflict),
        (None, "nonsense", Invalid),
    ],
)
def test_what_was_returned_is_not_returned_again(context, first, second, problem):
    day_of(codes=SHORT)
    antenna, by = inspection_of(ANTENNA), somebody("supervisor")
    if first is not None:
        give_back(antenna.id, returning(item=first), by=by, now=EVENING)
        db.session.flush()
    with pytest.raises(problem):
        give_back(antenna.id, returning(item=second), by=by, now=EVENING)


def test_another_item_of_the_same_device_may_be_returned_too(context):
    day_of(codes=SHORT)
    antenna, by = inspection_of(ANTENNA), somebody("supervisor")
    for item in ("acquire_time", "tx_safety"):
        give_back(antenna.id, returning(item=item), by=by, now=EVENING)
    db.session.flush()
    assert count(Return) == 2


def test_a_replaced_inspection_is_not_returned(context):
    day_of(codes=SHORT)
    antenna, by = inspection_of(ANTENNA), somebody("supervisor")
    inspected(ANTENNA, somebody("tech"), at=EVENING, supersedes=str(antenna.id))
    with pytest.raises(Conflict) as caught:
        give_back(antenna.id, returning(), by=by, now=EVENING)
    assert caught.value.code == "replaced"


@pytest.mark.parametrize(("username", "problem"), [("tech", Refused), ("office", Refused), ("supervisor2", NotFound)])
def test_only_the_bureau_of_the_site_returns(context, username, problem):
    day_of(codes=SHORT)
    with pytest.raises(problem):
        give_back(inspection_of(ANTENNA).id, returning(), by=somebody(username), now=EVENING)


def test_a_reason_for_what_was_not_reached_becomes_part_of_the_sheet(context):
    visit, tech = day_of(codes=SHORT), somebody("tech")
    missed = asset_with("SG-2-01-003")
    before = covers_of(visit.id)
    fields = {"id": uuid.uuid4(), "asset": missed.id, "reason": "随队外出，11月20日补检", "given_at": EVENING}
    assert explain_omission(visit.id, fields, by=tech, now=EVENING).is_new
    assert not explain_omission(visit.id, fields, by=tech, now=EVENING).is_new
    db.session.flush()
    row = db.session.scalars(select(Omission)).one()
    assert (row.month, row.asset_id, row.visit_id) == ("2026-11", missed.id, visit.id)
    with pytest.raises(Conflict):
        signed(visit, covers=before)
    assert json.loads(signed(visit).seal.content)["omissions"][0]["reason"] == fields["reason"]


@pytest.mark.parametrize("code", [ANTENNA, "SG-1-01-001", "FT-1-02-014"])
def test_only_what_this_sheet_did_not_reach_can_be_explained(context, code):
    visit = day_of(codes=SHORT)
    with pytest.raises(Invalid):
        explain_omission(
            visit.id, {"asset": asset_with(code).id, "reason": "没有钥匙"}, by=somebody("tech"), now=EVENING
        )


def test_what_a_colleague_did_this_month_is_not_missing(context, person):
    visit = day_of(codes=SHORT)
    site = db.session.get_one(Visit, visit.id).site_id
    missing = asset_with("SG-2-01-003")
    from webapp.sites.models import Site

    here = db.session.get_one(Site, site)
    assert missing.id in {asset.id for asset in not_reached(visit, here)}
    inspected("SG-2-01-003", somebody("lead"), at=MORNING - timedelta(days=3))
    assert missing.id not in {asset.id for asset in not_reached(visit, here)}


def test_the_content_is_the_same_text_each_time_and_holds_no_float(context):
    visit = day_of()
    from webapp.seals.rules import content_text

    assert content_text(content_of(visit.id)) == content_text(content_of(visit.id))


def test_renaming_a_device_later_leaves_the_content_equal(context):
    visit = day_of(codes=SHORT)
    from webapp.seals.rules import content_text, differences

    sealed = json.loads(signed(visit).seal.content)
    asset_with(ANTENNA).name = "新名称"
    db.session.flush()
    assert differences(sealed, json.loads(content_text(content_of(visit.id)))) == []
    db.session.scalars(select(Answer)).first().why = "另一个原因"
    db.session.flush()
    assert len(differences(sealed, json.loads(content_text(content_of(visit.id))))) == 1


def test_the_list_shows_open_sheets_first_and_counts(context):
    old = day_of(codes=SHORT, at=MORNING - timedelta(days=1))
    signed(old)
    new = day_of(codes=SHORT)
    page = visits_of(new.site_id)
    assert [line.visit.id for line in page.lines] == [new.id, old.id]
    line = page.open[0]
    assert (line.rows, line.abnormal, line.returned) == (3, 2, 0)
    assert line.units >= 3
    assert [line.visit.id for line in page.sealed] == [old.id]


def test_two_sign_offs_at_once_make_one_seal(app):
    """Two supervisors' tablets, the same sheet, the same moment: one seal, one clear refusal."""
    with app.test_request_context(), transaction():
        visit_id = day_of(codes=SHORT).id
        forms = [signing(db.session.get_one(Visit, visit_id), somebody("supervisor")) for _ in range(4)]
    outcome: list[str] = []
    barrier = threading.Barrier(len(forms))

    def sign(fields):
        with app.test_request_context():
            barrier.wait()
            try:
                with transaction():
                    by = somebody("supervisor")
                    sign_off(visit_id, fields, by=by, now=EVENING)
                outcome.append("made")
            except Problem as problem:
                outcome.append(problem.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=sign, args=(fields,)) for fields in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with app.test_request_context():
        assert (count(Signature), count(Seal)) == (1, 1)
    assert sorted(outcome) == ["made", "sealed", "sealed", "sealed"]
