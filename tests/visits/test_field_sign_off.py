"""Signing without network: what a signature from a device covers, whose it is, confirming and objecting."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import g
from sqlalchemy import delete, func, select, update

from tests.inspections.documents import asset_with, filled
from tests.visits.days import (
    EVENING,
    MORNING,
    QUIET,
    drawn_by,
    inspected,
    signature_png,
    signed,
    somebody,
)
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Inspection, Omission, Signature, Visit
from webapp.inspections.schemas import load_inspection
from webapp.kit.canonical import sha256_hex
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Problem, Refused
from webapp.kit.transaction import transaction
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of
from webapp.sites.actions import give_role
from webapp.sites.models import Membership, Role, Site
from webapp.sync.actions import Sending
from webapp.sync.models import Arrival, Refusal
from webapp.verify.check import check_seal
from webapp.visits import field_sign_off
from webapp.visits.actions import covers_of, explain_omission, give_back
from webapp.visits.field_sign_off import bring, confirm, object_to
from webapp.visits.paper import paper_for
from webapp.visits.queries import to_confirm, unsigned
from webapp.visits.rules import Division, Obstacle, OpenSheet, covers_digest, divide, named_in
from webapp.visits.seal import content_of
from webapp.visits.sheet import sheet_for

JSON = {"Accept": "application/json"}
DAY = date(2026, 11, 18)
FT = ("FT-1-02-014", "FT-1-02-015", "FT-1-02-016")
OLD_SIGNATURE = {"id", "capacity", "by", "name", "sha256", "file", "signed_at"}


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


def shaoguan(*codes: str, by: str = "tech", at=MORNING) -> list[Inspection]:
    """Some quiet rows handed in by one technician of Shaoguan."""
    rows = [
        inspected(code, somebody(by), at=at + timedelta(minutes=nth * 5)) for nth, code in enumerate(codes or QUIET)
    ]
    db.session.flush()
    return rows


def futian(*codes: str) -> list[Inspection]:
    return shaoguan(*(codes or FT), by="tech2")


def named(documents: list[Any]) -> list[str]:
    """What a device names documents by: the bytes it sent, where the server noted them."""
    rows = db.session.scalars(select(Arrival).where(Arrival.id.in_([each.id for each in documents])))
    return [f"{row.id}:{getattr(row, 'sent_sha256', None) or row.digest}" for row in rows]


def drawn(documents: list[Any], signer: str = "supervisor", capacity: str = "supervisor", **changes) -> dict[str, Any]:
    """The loaded fields of a signature drawn on the device of the documents' author."""
    first = db.session.get_one(Inspection, documents[0].id)
    by = somebody(signer)
    fields = {
        "id": uuid.uuid4(),
        "site": first.site_id,
        "day": DAY,
        "capacity": capacity,
        "signer": by.id,
        "name": by.name,
        "signed_at": EVENING,
        "covers": named(documents),
    }
    if "file" not in changes:
        author = db.session.get_one(type(by), first.technician_id)
        fields["file"] = drawn_by(author, seed=len(signer))
    return {**fields, **changes}


def brought(
    documents: list[Any], signer: str = "supervisor", capacity: str = "supervisor", by: str = "tech", **changes
):
    """The signature arrived: drawn by `signer` on the device of `by`."""
    fields = drawn(documents, signer, capacity, **changes)
    result = bring(fields, by=somebody(by), now=EVENING)
    db.session.flush()
    return result


def sheet_of(document: Any) -> Visit:
    visit_id = db.session.scalar(select(Inspection.visit_id).where(Inspection.id == document.id))
    return db.session.get_one(Visit, visit_id)


def on(visit: Visit) -> set[uuid.UUID]:
    return set(db.session.scalars(select(Inspection.id).where(Inspection.visit_id == visit.id)))


def ids(documents: list[Any]) -> set[uuid.UUID]:
    return {each.id for each in documents}


def is_unchanged(seal: Seal) -> bool:
    db.session.flush()
    return check_seal(seal).breaks == []


def left_out(document: Any, code: str, *, by: str = "tech") -> Omission:
    name = uuid.uuid4()
    fields = {"id": name, "asset": asset_with(code).id, "reason": "钥匙不在"}
    explain_omission(sheet_of(document).id, fields, by=somebody(by), now=MORNING)
    return db.session.get_one(Omission, name)


def with_role(username: str, role: Role, code: str = "") -> None:
    site = db.session.scalars(select(Site).where(Site.code == (code or "SG"))).one()
    give_role(somebody(username), site, role, by=None, now=MORNING)
    forget_roles()


def forget_roles() -> None:
    """Roles are read once per request; these tests are one."""
    db.session.flush()
    g.pop("memberships", None)


# ---- the division of a day into sheets

A, B, C, D = (uuid.UUID(int=number) for number in range(1, 5))
ONE, TWO = uuid.UUID(int=11), uuid.UUID(int=12)


@pytest.mark.parametrize(
    ("sheets", "covered", "result"),
    [
        ([OpenSheet(ONE, 1, frozenset({A, B}))], {A, B}, Division(ONE, frozenset(), frozenset(), ())),
        ([OpenSheet(ONE, 1, frozenset({A, B, C}))], {A, B}, Division(ONE, frozenset(), frozenset({C}), ())),
        (
            [OpenSheet(ONE, 1, frozenset({A, C})), OpenSheet(TWO, 2, frozenset({B, D}))],
            {A, B},
            Division(ONE, frozenset({B}), frozenset({C}), ()),
        ),
        (
            [OpenSheet(ONE, 1, frozenset({A})), OpenSheet(TWO, 2, frozenset({B}))],
            {A, B},
            Division(ONE, frozenset({B}), frozenset(), (TWO,)),
        ),
        (  # what somebody objected to stays where it was objected to
            [OpenSheet(ONE, 1, frozenset({A})), OpenSheet(TWO, 2, frozenset({B}), was_signed=True)],
            {A, B},
            Division(TWO, frozenset({A}), frozenset(), (ONE,)),
        ),
        (
            [
                OpenSheet(ONE, 1, frozenset({A}), was_signed=True),
                OpenSheet(TWO, 2, frozenset({B}), was_signed=True),
            ],
            {A, B},
            Division(ONE, frozenset({B}), frozenset(), ()),
        ),
        ([OpenSheet(ONE, 1, frozenset({A}), is_signed=True)], {A}, Division(ONE, frozenset(), frozenset(), ())),
        ([OpenSheet(ONE, 1, frozenset({A, B}), is_signed=True)], {A}, Obstacle.SIGNED_DIFFERENTLY),
        (
            [OpenSheet(ONE, 1, frozenset({A}), is_signed=True), OpenSheet(TWO, 2, frozenset({B}))],
            {A, B},
            Obstacle.SIGNED_DIFFERENTLY,
        ),
        (  # another sheet's signature is no obstacle
            [OpenSheet(ONE, 1, frozenset({A}), is_sealed=True, is_signed=True), OpenSheet(TWO, 2, frozenset({B, C}))],
            {B},
            Division(TWO, frozenset(), frozenset({C}), ()),
        ),
        (
            [OpenSheet(ONE, 1, frozenset({A}), is_sealed=True, is_signed=True), OpenSheet(TWO, 2, frozenset({B}))],
            {A, B},
            Obstacle.SEALED,
        ),
    ],
)
def test_which_sheet_a_signature_goes_under_and_what_moves(sheets, covered, result):
    assert divide(sheets, covered) == result
    assert divide(list(reversed(sheets)), covered) == result


def test_the_digest_of_covers_knows_no_order_and_no_repetition():
    assert covers_digest(["b", "a", "a"]) == covers_digest(["a", "b"]) != covers_digest(["a"])


def test_a_cover_is_an_id_and_a_digest():
    assert named_in(f"{A}:{'0' * 64}") == (A, "0" * 64)
    with pytest.raises(ValueError, match="hexadecimal"):
        named_in("nonsense")


# ---- who signed


def test_the_technicians_own_signature_counts_at_once(context):
    rows = futian()
    result = brought(rows, "tech2", "inspector", by="tech2")
    row = db.session.get_one(Signature, result.id)
    assert (row.brought_by, row.is_waiting, row.counts, result.seal) == (None, False, True, None)
    assert row.covers_digest == covers_digest(covers_of(result.visit_id))
    assert signed(sheet_of(rows[0]), "supervisor2", "handover").seal.number == 1


def test_what_the_supervisor_signs_on_the_technicians_phone_seals_once_it_is_confirmed(context):
    rows = shaoguan()
    result = brought(rows)
    assert (result.is_new, result.seal, result.visit_id) == (True, None, sheet_of(rows[0]).id)
    row = db.session.get_one(Signature, result.id)
    assert (row.brought_by, row.person_id) == (somebody("tech").id, somebody("supervisor").id)
    assert [one.signature.id for one in to_confirm(somebody("supervisor"))] == [result.id]
    assert to_confirm(somebody("tech")) == []
    seal = confirm(result.visit_id, by=somebody("supervisor"), now=EVENING + timedelta(days=1))
    assert seal.number == 1
    assert to_confirm(somebody("supervisor")) == []
    content = json.loads(seal.content)["signatures"][0]
    assert content["brought_by"]["printed"]["name"] == somebody("tech").name
    assert content["confirmed_by"] == str(somebody("supervisor").id)
    assert (content["signed_at"], content["confirmed_at"]) == ("2026-11-18T10:12:00.000Z", "2026-11-19T10:12:00.000Z")
    assert is_unchanged(seal)
    again = confirm(result.visit_id, by=somebody("supervisor"), now=EVENING + timedelta(days=2))
    assert (again.id, count(Seal)) == (seal.id, 1)
    log = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject == f"visit:{result.visit_id}")).all()
    assert sorted(log) == [Verb.RECORD_SEALED.value, Verb.SIGNATURE_CONFIRMED.value, Verb.VISIT_SIGNED.value]


@pytest.mark.parametrize("confirmed_first", [True, False])
def test_futians_two_signatures_by_hand_on_one_phone(context, confirmed_first):
    rows = futian()
    orders = [("supervisor2", "handover"), ("tech2", "inspector")]
    for signer, capacity in orders:
        result = brought(rows, signer, capacity, by="tech2")
        if confirmed_first and capacity == "handover":
            assert confirm(result.visit_id, by=somebody("supervisor2"), now=EVENING) is None
    seal = seal_of("visit", result.visit_id)
    if not confirmed_first:
        assert seal is None
        seal = confirm(result.visit_id, by=somebody("supervisor2"), now=EVENING)
    assert {each["capacity"] for each in json.loads(seal.content)["signatures"]} == {"handover", "inspector"}
    assert is_unchanged(seal)


@pytest.mark.parametrize(
    ("signer", "capacity"),
    [
        ("tech", "supervisor"),  # the own work
        ("lead", "supervisor"),
        ("office", "supervisor"),
        ("supervisor2", "supervisor"),  # of another command centre
        ("supervisor", "inspector"),  # nobody signs for the inspector
        ("supervisor", "handover"),  # Shaoguan's sheet has no such place
    ],
)
def test_a_signer_who_may_not_sign_there_is_refused(context, signer, capacity):
    with pytest.raises(Refused) as caught:
        brought(shaoguan(), signer, capacity)
    assert caught.value.code == "wrong_capacity"
    assert count(Signature) == 0


def test_nobody_unknown_and_nobody_whose_account_is_locked_signs(context):
    rows = shaoguan()
    with pytest.raises(Refused):
        bring({**drawn(rows), "signer": A}, by=somebody("tech"), now=EVENING)
    somebody("supervisor").is_enabled = False
    db.session.flush()
    with pytest.raises(Refused):
        brought(rows)


def test_a_signature_that_somebody_else_imports_waits_for_its_signer_even_the_technician(context):
    rows = futian()
    fields = drawn(rows, "tech2", "inspector")
    result = bring(fields, sending=Sending(brought_by=somebody("supervisor2").id), by=somebody("tech2"), now=EVENING)
    db.session.flush()
    assert db.session.get_one(Signature, result.id).is_waiting
    assert [one.signature.id for one in to_confirm(somebody("tech2"))] == [result.id]
    own = brought(rows, "supervisor2", "handover", by="tech2")
    assert own.seal is None
    confirm(result.visit_id, by=somebody("supervisor2"), now=EVENING)
    assert seal_of("visit", result.visit_id) is None
    seal = confirm(result.visit_id, by=somebody("tech2"), now=EVENING)
    paper = paper_for(somebody("tech2"), result.visit_id)
    assert {one.is_technicians_device for one in paper.signatures.values()} == {True, False}
    assert is_unchanged(seal)


def test_who_imports_the_own_signature_need_not_confirm_it(context):
    rows = futian()
    fields = drawn(rows, "supervisor2", "handover")
    bring(fields, sending=Sending(brought_by=somebody("supervisor2").id), by=somebody("tech2"), now=EVENING)
    assert db.session.get_one(Signature, fields["id"]).counts


# ---- what a signature covers


def test_what_has_not_arrived_is_asked_for_and_nothing_is_stored(context):
    rows = shaoguan()
    unknown = uuid.uuid4()
    covers = [*named(rows), f"{unknown}:{'0' * 64}"]
    with pytest.raises(Missing) as caught:
        brought(rows, covers=covers)
    assert (caught.value.status, caught.value.code) == (424, "documents_missing")
    assert caught.value.more == {"missing_documents": [str(unknown)]}
    assert count(Signature) == 0


def test_a_missing_document_that_was_refused_is_said_to_be(context):
    rows = shaoguan()
    unknown = uuid.uuid4()
    facts = {"kind": "inspection", "author_id": somebody("tech").id, "status": 422, "reason": "x", "content": {}}
    db.session.add(Refusal(document_id=unknown, received_at=EVENING, **facts))
    db.session.flush()
    with pytest.raises(Missing, match="One of them was refused"):
        brought(rows, covers=[*named(rows), f"{unknown}:{'0' * 64}"])


@pytest.mark.parametrize("kind", ["digest", "note"])
def test_what_arrived_with_another_content_or_stands_on_no_sheet_is_not_signed(context, kind):
    rows = shaoguan()
    covers = [f"{rows[0].id}:{'0' * 64}", *named(rows)[1:]]
    if kind == "note":
        note = Arrival(
            id=uuid.uuid4(),
            kind="note",
            author_id=somebody("tech").id,
            digest="1" * 64,
            content={},
            received_at=MORNING,
        )
        db.session.add(note)
        db.session.flush()
        covers = [*named(rows), f"{note.id}:{'1' * 64}"]
    with pytest.raises(Conflict) as caught:
        brought(rows, covers=covers)
    assert caught.value.code == "sheet_changed"


def test_the_bytes_as_sent_and_the_cleaned_content_both_name_a_document(context):
    rows = shaoguan()
    db.session.execute(update(Arrival).where(Arrival.id == rows[0].id).values(sent_sha256="a" * 64))
    covers = [f"{rows[0].id}:{'a' * 64}", *(f"{row.id}:{row.digest}" for row in rows[1:])]
    brought(rows, covers=covers)
    brought(rows, "tech", "inspector", covers=[f"{row.id}:{row.digest}" for row in rows])
    digests = set(db.session.scalars(select(Signature.covers_digest)))
    assert len(digests) == 1  # the same sheet, however it was named


def test_what_was_not_shown_moves_to_a_further_sheet(context):
    rows = shaoguan()
    sheet_of(rows[0]).accompanied_by = "何队长"
    db.session.flush()
    shown, later = rows[:2], rows[2:]
    result = brought(shown)
    visit = sheet_of(shown[0])
    further = sheet_of(later[0])
    assert (result.visit_id, on(visit), on(further)) == (visit.id, ids(shown), ids(later))
    assert (visit.number, further.number, further.day, further.accompanied_by) == (1, 2, DAY, "何队长")
    moved = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.VISIT_DIVIDED.value)).one()
    assert moved.facts == {"moved": 1, "to": str(further.id)}
    seal = confirm(visit.id, by=somebody("supervisor"), now=EVENING)
    assert len(json.loads(seal.content)["inspections"]) == 2
    assert is_unchanged(seal)
    assert [line.visit.id for line in unsigned(visit.site_id)] == [further.id]


def test_later_inspections_of_the_day_go_to_the_sheet_of_what_was_not_shown(context):
    rows = shaoguan()
    brought(rows[:2])
    (late,) = shaoguan("SG-2-01-003", at=EVENING)
    assert on(sheet_of(late)) == {rows[2].id, late.id}


def test_both_sign_the_same_rows_one_after_the_other(context):
    rows = shaoguan()
    for signer, capacity in (("tech", "inspector"), ("supervisor", "supervisor")):
        result = brought(rows[:2], signer, capacity)
    assert {one.capacity for one in db.session.scalars(select(Signature))} == {"inspector", "supervisor"}
    assert on(sheet_of(rows[0])) == ids(rows[:2])
    seal = confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    assert is_unchanged(seal)


@pytest.mark.parametrize("second", [slice(0, 3), slice(0, 1)])
def test_two_who_signed_different_rows_are_told_so(context, second):
    rows = shaoguan()
    brought(rows[:2], "tech", "inspector")
    with pytest.raises(Conflict) as caught:
        brought(rows[second])
    assert caught.value.code == "signed_differently"
    assert count(Signature) == 1


def test_a_signature_given_online_and_one_from_the_device_meet_on_the_same_sheet(context):
    rows = shaoguan()
    signed(sheet_of(rows[0]), "tech", "inspector")
    result = brought(rows)
    assert confirm(result.visit_id, by=somebody("supervisor"), now=EVENING).number == 1


def test_nobody_signs_twice_in_one_place(context):
    rows = shaoguan()
    brought(rows)
    with pytest.raises(Conflict) as caught:
        brought(rows)
    assert caught.value.code == "already_signed"
    with pytest.raises(Conflict):
        signed(sheet_of(rows[0]))  # nor online over it


def test_what_is_sealed_is_not_signed_again(context):
    rows = shaoguan()
    signed(sheet_of(rows[0]))
    (late,) = shaoguan("SG-2-01-003", at=EVENING)
    for covered in (rows, [*rows, late]):
        with pytest.raises(Conflict) as caught:
            brought(covered)
        assert caught.value.code == "sealed"


def test_rows_of_two_days_of_two_people_or_of_two_places_are_no_sheet(context):
    rows, other_day = shaoguan(QUIET[0]), shaoguan(QUIET[1], at=MORNING + timedelta(days=1))
    with_role("lead", Role.TECHNICIAN)
    others = shaoguan(QUIET[2], by="lead")
    for documents, changes in (([*rows, *other_day], {}), ([*rows, *others], {}), (rows, {"day": DAY + timedelta(1)})):
        with pytest.raises(Conflict) as caught:
            brought(documents, **changes)
        assert caught.value.code == "other_sheet"
    with pytest.raises(NotFound):
        brought(rows, site=db.session.scalars(select(Site.id).where(Site.code == "FT")).one())
    with_role("tech", Role.TECHNICIAN, "FT")
    away = db.session.scalars(select(Site.id).where(Site.code == "FT")).one()
    with pytest.raises(Conflict):
        brought(rows, "supervisor2", "handover", site=away)


def test_a_device_whose_clock_is_wrong_signs_under_the_day_that_it_showed(context):
    """Its rows were listed under the day of its own clock; the sheet stands under the true day."""
    now = MORNING + timedelta(minutes=1)
    flat = MORNING - timedelta(days=3)
    form, sending = filled(asset_with(QUIET[0]), at=flat), Sending(sent_at=flat + timedelta(minutes=1))
    row = hand_in(load_inspection(uuid.uuid4(), form), sending=sending, by=somebody("tech"), now=now)
    db.session.flush()
    assert sheet_of(row).day == DAY
    result = brought([row], day=DAY - timedelta(days=3))
    assert result.visit_id == sheet_of(row).id


def test_reasons_that_were_shown_stay_and_others_go(context):
    rows = shaoguan()
    shown, not_shown = left_out(rows[0], "SG-2-01-003"), left_out(rows[0], "SG-2-01-005")
    result = brought([*rows, shown])
    db.session.expire_all()
    assert shown.visit_id == result.visit_id
    assert not_shown.visit_id is None  # it still counts for its month
    assert db.session.scalar(select(func.count(Visit.id))) == 1
    seal = confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    assert [each["id"] for each in json.loads(seal.content)["omissions"]] == [str(shown.id)]
    assert is_unchanged(seal)


def test_reasons_that_were_not_shown_go_along_with_rows_that_were_not(context):
    rows = shaoguan()
    reason = left_out(rows[0], "SG-2-01-003")
    brought(rows[:2])
    db.session.expire_all()
    assert reason.visit_id == sheet_of(rows[2]).id != sheet_of(rows[0]).id


def test_what_was_returned_or_replaced_meanwhile_keeps_its_state(context):
    rows = shaoguan()
    covers = named(rows)
    give_back(rows[0].id, {"reason": "请补拍"}, by=somebody("supervisor"), now=EVENING)
    inspected(QUIET[1], somebody("tech"), at=EVENING, supersedes=str(rows[1].id))
    result = brought(rows, covers=covers)
    sheet = sheet_for(somebody("supervisor"), result.visit_id)
    assert (len(sheet.returned), len(sheet.replaced), len(sheet.accepted)) == (1, 1, 1)
    seal = confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    assert is_unchanged(seal)


def test_nothing_is_signed_and_nothing_confirmed_where_nothing_stands_any_more(context):
    rows = shaoguan(*QUIET[:2])
    give_back(rows[0].id, {"reason": "请补拍"}, by=somebody("supervisor"), now=EVENING)
    db.session.flush()
    with pytest.raises(Conflict) as caught:
        brought(rows[:1])
    assert caught.value.code == "empty"
    db.session.rollback()
    rows = shaoguan(*QUIET[:1])
    result = brought(rows)
    give_back(rows[0].id, {"reason": "请补拍"}, by=somebody("supervisor"), now=EVENING)
    db.session.flush()
    with pytest.raises(Conflict) as caught:
        confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    assert caught.value.code == "empty"


def test_the_same_signature_again_changes_nothing_and_another_content_is_a_conflict(context):
    rows = shaoguan()
    fields = drawn(rows)
    first = bring(fields, by=somebody("tech"), now=EVENING)
    shaoguan("SG-2-01-003", at=EVENING)  # what arrived since is no matter
    mixed, later = {**fields, "covers": fields["covers"][::-1]}, Sending(sent_at=EVENING)
    again = bring(mixed, sending=later, by=somebody("tech"), now=EVENING + timedelta(hours=1))
    assert (again.is_new, again.id, again.digest, again.visit_id) == (False, first.id, first.digest, first.visit_id)
    assert count(Signature) == 1
    with pytest.raises(Conflict) as caught:
        bring({**fields, "name": "别人"}, by=somebody("tech"), now=EVENING)
    assert caught.value.code == "other_content"
    confirm(first.visit_id, by=somebody("supervisor"), now=EVENING)
    assert bring(fields, by=somebody("tech"), now=EVENING).seal.number == 1


def test_a_signature_needs_its_picture(context):
    rows = shaoguan()
    fields = drawn(rows)
    del fields["file"]
    with pytest.raises(Invalid):
        bring(fields, by=somebody("tech"), now=EVENING)
    db.session.rollback()
    with pytest.raises(Missing) as caught:
        brought(shaoguan(), file=A)
    assert caught.value.more == {"missing": [str(A)]}


# ---- confirming and objecting


def test_only_the_named_signer_confirms_or_objects(context):
    result = brought(shaoguan())
    for username in ("tech", "lead"):
        for deed in (confirm, lambda visit_id, **who: object_to(visit_id, "不是我", **who)):
            with pytest.raises(Conflict) as caught:
                deed(result.visit_id, by=somebody(username), now=EVENING)
            assert caught.value.code == "nothing_to_confirm"
    with pytest.raises(Refused):
        confirm(result.visit_id, by=somebody("office"), now=EVENING)
    with pytest.raises(NotFound):
        confirm(result.visit_id, by=somebody("supervisor2"), now=EVENING)


def test_who_may_no_longer_sign_cannot_confirm(context):
    result = brought(shaoguan())
    with_role("supervisor", Role.LEAD)
    db.session.execute(delete(Membership).where(Membership.role == Role.SUPERVISOR.value))
    forget_roles()
    with pytest.raises(Refused) as caught:
        confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    assert caught.value.code == "wrong_capacity"


def test_an_objection_makes_the_signature_void_and_opens_the_sheet(context):
    rows = shaoguan()
    result = brought(rows)
    object_to(result.visit_id, "这不是我签的", by=somebody("supervisor"), now=EVENING)
    object_to(result.visit_id, "又点了一次", result.id, by=somebody("supervisor"), now=EVENING)
    row = db.session.get_one(Signature, result.id)
    assert (row.is_void, row.counts, row.objection) == (True, False, "这不是我签的")
    with pytest.raises(Conflict) as caught:
        confirm(result.visit_id, result.id, by=somebody("supervisor"), now=EVENING)
    assert caught.value.code == "objected"
    (late,) = shaoguan("SG-2-01-003", at=EVENING)  # the sheet is open: it takes more
    assert sheet_of(late).id == result.visit_id
    sheet = sheet_for(somebody("supervisor"), result.visit_id)
    assert [one.id for one in sheet.objected] == [row.id]
    assert (sheet.mine.capacity, sheet.to_confirm) == ("supervisor", None)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.SIGNATURE_OBJECTED.value)).one()
    assert entry.facts["reason"] == "这不是我签的"
    seal = signed(sheet_of(late)).seal
    content = json.loads(seal.content)
    assert [each["by"] for each in content["signatures"]] == [str(somebody("supervisor").id)]
    assert [(each["id"], each["reason"]) for each in content["objections"]] == [(str(row.id), "这不是我签的")]
    assert is_unchanged(seal)
    db.session.execute(update(Signature).where(Signature.id == row.id).values(objection="改过的话"))
    assert not is_unchanged(seal)


def test_what_is_confirmed_or_sealed_is_not_objected_to(context):
    rows = futian()
    result = brought(rows, "supervisor2", "handover", by="tech2")
    confirm(result.visit_id, by=somebody("supervisor2"), now=EVENING)
    for code in ("confirmed", "sealed"):
        with pytest.raises(Conflict) as caught:
            object_to(result.visit_id, "不是我", by=somebody("supervisor2"), now=EVENING)
        assert caught.value.code == code
        if code == "confirmed":
            brought(rows, "tech2", "inspector", by="tech2")


def test_an_optional_signature_that_nobody_confirmed_keeps_no_sheet_open(context):
    """In Shaoguan the inspector's signature is optional: an imported one is sealed as it is, not confirmed."""
    rows = shaoguan()
    fields = drawn(rows, "tech", "inspector")
    result = bring(fields, sending=Sending(brought_by=somebody("lead").id), by=somebody("tech"), now=EVENING)
    seal = signed(sheet_of(rows[0])).seal
    first = json.loads(seal.content)["signatures"][0]
    assert (first["capacity"], first["confirmed_at"]) == ("inspector", None)
    assert to_confirm(somebody("tech")) == []
    with pytest.raises(Conflict) as caught:
        confirm(result.visit_id, by=somebody("tech"), now=EVENING)
    assert caught.value.code == "sealed"
    assert is_unchanged(seal)


def test_a_signature_from_the_device_brings_reopened_sheets_together(context):
    rows = shaoguan()
    result = brought(rows)
    (late,) = shaoguan("SG-2-01-003", at=EVENING)
    object_to(result.visit_id, "漏了一台", by=somebody("supervisor"), now=EVENING)
    assert sheet_of(late).number == 2
    empty = sheet_of(late).id
    again = brought([*rows, late])
    assert (again.visit_id, on(sheet_of(late))) == (result.visit_id, ids([*rows, late]))
    assert db.session.scalar(select(Visit.id).where(Visit.id == empty)) is None
    assert is_unchanged(confirm(again.visit_id, by=somebody("supervisor"), now=EVENING))


def test_a_sheet_whose_rows_changed_behind_a_signature_is_not_confirmed(context):
    rows = shaoguan()
    result = brought(rows)
    db.session.execute(update(Signature).values(covers_digest="0" * 64))
    with pytest.raises(Conflict) as caught:
        confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    assert caught.value.code == "sheet_changed"


def test_nothing_is_added_to_a_sheet_that_waits_for_its_confirmation(context):
    rows = shaoguan()
    result = brought(rows)
    (late,) = shaoguan("SG-2-01-003", at=EVENING)
    assert sheet_of(late).number == 2
    with pytest.raises(Conflict):
        left_out(rows[0], "SG-2-01-005")
    assert confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)


# ---- seals made before signatures had these parts


def test_a_seal_from_before_still_verifies(context):
    rows = shaoguan()
    visit = sheet_of(rows[0])
    signed(visit, "tech", "inspector")
    db.session.execute(update(Signature).values(covers_digest=None))  # as such rows are
    db.session.expire_all()
    content = content_of(visit.id)
    assert content["signatures"][0].keys() == OLD_SIGNATURE
    assert "objections" not in content
    seal = signed(visit).seal  # the second signature under an old sheet
    db.session.execute(update(Signature).values(covers_digest=None))
    old = json.loads(seal.content)
    for each in old["signatures"]:
        each.pop("covers", None)
    from webapp.seals.rules import content_text, digest_of

    seal.content = content_text(old)
    seal.digest = digest_of(seal.previous_digest, seal.content)
    assert is_unchanged(seal)
    paper = paper_for(somebody("office"), visit.id)
    assert {one.brought_by for one in paper.signatures.values()} == {""}


@pytest.mark.parametrize("column", ["brought_by", "confirmed_at", "confirmed_by", "covers_digest"])
def test_a_change_of_what_was_confirmed_is_found(context, column):
    result = brought(shaoguan())
    seal = confirm(result.visit_id, by=somebody("supervisor"), now=EVENING)
    other = {"brought_by": somebody("lead").id, "confirmed_by": somebody("lead").id, "covers_digest": "0" * 64}
    db.session.execute(update(Signature).values(**{column: other.get(column, MORNING)}))
    assert not is_unchanged(seal)


# ---- the doors


@pytest.fixture
def made(app) -> Callable[..., Any]:
    """Runs something in its own transaction and gives back what it returns."""

    def run(deed: Callable[[], Any]) -> Any:
        with app.test_request_context(), transaction():
            return deed()

    return run


@pytest.fixture
def fields(made) -> dict[str, Any]:
    """What a device sends: the supervisor signed three rows on the technician's phone."""
    return made(lambda: flat(drawn(shaoguan())))


def flat(fields: dict[str, Any]) -> dict[str, Any]:
    texts = {name: value if name == "covers" else str(value) for name, value in fields.items() if name != "signed_at"}
    return {**texts, "signed_at": EVENING.isoformat()}


def send(client: Any, fields: dict[str, Any], **changes: Any) -> Any:
    form = {**{name: value for name, value in fields.items() if name != "id"}, **changes}
    return client.post(f"/sign-offs/{fields['id']}", data=form, headers=JSON)


def total(app, table) -> int:
    with app.app_context():
        return count(table)


def test_the_outbox_delivers_a_signature_and_again_without_change(app, as_, fields):
    client = as_("tech")
    first = send(client, fields)
    assert (first.status_code, first.json["id"]) == (201, fields["id"])
    assert "seal" not in first.json
    visit = first.json["url"]
    again = send(client, fields, sent_at=EVENING.isoformat())
    assert (again.status_code, again.json["sha256"], again.json["url"]) == (200, first.json["sha256"], visit)
    assert send(client, fields, name="别人").json["error"]["code"] == "other_content"
    assert total(app, Signature) == 1
    page = as_("supervisor").get(visit).text
    assert "signed on the device of 张伟 · not confirmed" in page
    assert f'action="{visit}/confirmation"' in page
    assert f'action="{visit}/sign-off"' not in page
    assert "/confirmation" not in as_("office").get(visit).text


def test_a_phone_comes_back_online_and_sends_rows_and_signature_byte_for_byte(app, as_):
    """As the outbox does it: each body is made once, its digest is what the signature covers; the order may suffer."""
    client, phone = as_("tech"), {}
    with app.app_context():
        me, supervisor, site = somebody("tech").id, somebody("supervisor").id, asset_with(QUIET[0]).site_id
        for code in QUIET:
            phone[str(uuid.uuid4())] = urlencode(filled(asset_with(code), at=MORNING), doseq=True)
    covers = [f"{name}:{sha256_hex(body)}" for name, body in phone.items()]
    picture = uuid.uuid4()
    client.put(f"/files/{picture}", data=signature_png(2))
    sign = {"site": site, "day": DAY, "capacity": "supervisor", "signer": supervisor, "name": "陈志强", "file": picture}
    sign |= {"signed_at": EVENING.isoformat(), "covers": covers}

    def post(path: str, body: str) -> Any:
        digest = {"X-Content-SHA256": sha256_hex(body), "X-Outbox-User": str(me), "X-Sent-At": EVENING.isoformat()}
        return client.post(
            path, data=body, content_type="application/x-www-form-urlencoded", headers={**JSON, **digest}
        )

    deed = f"/sign-offs/{uuid.uuid4()}"
    assert post(deed, urlencode(sign, doseq=True)).json["error"]["missing_documents"] == sorted(phone)
    for name, body in phone.items():
        answer = post(f"/inspections/{name}", body)
        assert (answer.status_code, answer.json["sent_sha256"]) == (201, sha256_hex(body))
    answer = post(deed, urlencode(sign, doseq=True))
    assert (answer.status_code, answer.json["sent_sha256"]) == (201, sha256_hex(urlencode(sign, doseq=True)))
    assert as_("supervisor").post(f"{answer.json['url']}/confirmation").status_code == 303
    with app.app_context():
        assert check_seal(db.session.scalars(select(Seal)).one()).breaks == []
        assert count(Refusal) == 0


def test_documents_that_are_still_on_their_way_are_named(app, as_, fields):
    unknown = str(uuid.uuid4())
    answer = send(as_("tech"), fields, covers=[*fields["covers"], f"{unknown}:{'0' * 64}"])
    assert (answer.status_code, answer.json["error"]["code"]) == (424, "documents_missing")
    assert answer.json["error"]["missing_documents"] == [unknown]
    assert (total(app, Signature), total(app, Refusal)) == (0, 0)
    assert send(as_("tech"), fields).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        (lambda fields: {"covers": [f"{fields['covers'][0][:36]}:{'0' * 64}"]}, 409, "sheet_changed"),
        (lambda fields: {"signer": str(A)}, 403, "wrong_capacity"),
        (lambda fields: {"capacity": "handover"}, 403, "wrong_capacity"),
        (lambda fields: {"day": "2026-11-17"}, 409, "other_sheet"),
        (lambda fields: {"site": str(A)}, 404, "not_found"),
        (lambda fields: {"capacity": "king"}, 422, "invalid"),
        (lambda fields: {"covers": []}, 422, "invalid"),
        (lambda fields: {"covers": ["nonsense"]}, 422, "invalid"),
        (lambda fields: {"signer": ""}, 422, "invalid"),
        (lambda fields: {"day": "yesterday"}, 422, "invalid"),
    ],
)
def test_a_signature_that_is_refused_is_kept_with_the_reason(app, as_, fields, changes, status, code):
    answer = send(as_("tech"), fields, **changes(fields))
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    with app.app_context():
        kept = db.session.scalars(select(Refusal)).one()
        assert (kept.kind, kept.status, str(kept.document_id)) == ("sign_off", status, fields["id"])
        assert count(Signature) == count(Visit) - 1 == 0


def test_nobody_sends_it_but_its_author_and_nobody_of_another_site(app, as_, fields):
    answer = as_("tech").post(
        f"/sign-offs/{fields['id']}", data=fields, headers={**JSON, "X-Outbox-User": str(uuid.uuid4())}
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "other_user")
    for username, status in (("office", 403), ("admin", 403), ("supervisor2", 404), ("lead", 409)):
        assert send(as_(username), {**fields, "id": str(uuid.uuid4())}).status_code == status
    assert total(app, Signature) == 0


def test_a_plain_form_brings_its_picture_and_is_named_by_the_server(app, as_, fields):
    form = {name: value for name, value in fields.items() if name not in ("id", "file")}
    form["upload"] = (io.BytesIO(signature_png(3)), "sign.png")
    answer = as_("tech").post(f"/sign-offs/{uuid.UUID(int=0)}", data=form, content_type="multipart/form-data")
    assert answer.status_code == 303
    assert answer.location.startswith("/visits/")
    with app.app_context():
        assert db.session.scalars(select(Signature.id)).one().int != 0


def test_the_supervisor_confirms_on_the_sheet_and_paper_and_verify_page_say_so(app, as_, fields):
    visit = send(as_("tech"), fields).json["url"]
    client = as_("supervisor")
    assert "was signed in your name" in client.get("/today").text
    assert client.post(f"{visit}/confirmation", data={"signature": fields["id"]}).location == visit
    assert client.post(f"{visit}/confirmation", headers={"HX-Request": "true"}).headers["HX-Redirect"] == visit
    with app.app_context():
        seal = db.session.scalars(select(Seal)).one().digest
    for address in (visit, f"{visit}/paper", f"/verify/{seal}"):
        text = client.get(address).text
        assert "signed on the device of 张伟 · confirmed 20" in text, address
        assert "2026-11-18 18:12" in text, address
    assert "张伟" not in as_("supervisor2").get(f"/verify/{seal}").text
    assert "in your name" not in client.get("/today").text
    assert client.get(f"{visit}/sheet.pdf").status_code == 200
    assert as_("tech").post(f"{visit}/confirmation").status_code == 409


def test_the_supervisor_objects_with_a_reason_and_the_sheet_shows_it_struck(as_, fields):
    visit = send(as_("tech"), fields).json["url"]
    client = as_("supervisor")
    assert client.post(f"{visit}/objection", data={"reason": " "}).status_code == 422
    assert client.post(f"{visit}/objection", data={"reason": "当天我不在"}).location == visit
    for username in ("supervisor", "tech", "office"):
        text = as_(username).get(visit).text
        assert "<s>" in text
        assert "当天我不在" in text
    assert f'action="{visit}/sign-off"' in client.get(visit).text
    assert client.post(f"{visit}/confirmation").status_code == 409


def test_several_sheets_are_confirmed_at_once_and_one_that_cannot_keeps_none_back(app, as_, made):
    days = [MORNING - timedelta(days=back) for back in (0, 1, 2)]
    forms = [made(lambda at=at: flat(drawn(shaoguan(*QUIET[:1], at=at), day=at.date()))) for at in days]
    tech, client = as_("tech"), as_("supervisor")
    visits = [send(tech, form).json["url"] for form in forms]
    text = client.get("/visits").text
    assert "3 sheets were signed in your name on other devices" in text
    assert text.count('name="signature"') == 3
    assert "to be confirmed" in tech.get("/visits").text
    assert 'name="signature"' not in tech.get("/visits").text
    client.post(f"{visits[2]}/objection", data={"reason": "不是我"})
    answer = client.post("/visits/confirmations", data={"signature": [form["id"] for form in reversed(forms)]})
    assert answer.status_code == 409
    assert "You objected to this signature" in answer.text
    assert total(app, Seal) == 2
    nothing = client.post("/visits/confirmations", data={})
    assert nothing.status_code == 422
    unknown = client.post("/visits/confirmations", data={"signature": str(A)})
    assert unknown.status_code == 404
    one = client.post("/visits/confirmations", data={"signature": forms[0]["id"]})
    assert (one.status_code, one.location) == (303, "/visits")


def test_the_frame_of_the_sheet_is_the_same_each_time_and_lists_who_may_sign(app, as_, made):
    made(lambda: with_role("tech", Role.TECHNICIAN, "FT"))
    client = as_("tech")
    text = client.get("/sheet").text
    assert text == client.get("/sheet").text
    with app.app_context():
        sites = {site.code: site.id for site in db.session.scalars(select(Site))}
    cards = {
        code: text.split(f'<template id="sheet-card-{name}"')[1].split("</template>")[0] for code, name in sites.items()
    }
    assert [
        ('value="inspector"' in card, 'value="supervisor"' in card, 'value="handover"' in card)
        for card in cards.values()
    ] == [(True, code == "SG", code == "FT") for code in cards]
    with app.app_context():
        supervisor, others = somebody("supervisor"), [somebody(name) for name in ("lead", "office", "supervisor2")]
    assert f'<option value="{supervisor.id}" data-name="{supervisor.name}">' in cards["SG"]
    assert not any(f'<option value="{other.id}"' in cards["SG"] for other in others)
    assert f'<option value="{others[2].id}"' in cards["FT"]
    for card in cards.values():
        assert card.count("data-outbox") == card.count("data-covers") == card.count("data-now") == 2
        assert f'action="/sign-offs/{uuid.UUID(int=0)}"' in card
        assert card.startswith(' data-zone="Asia/Shanghai"')
    for name in ("sheet-row", "sheet-line", "sheet-signed"):
        assert f'<template id="{name}">' in text
    assert as_("office").get("/sheet").status_code == 403


def test_the_list_and_today_lead_to_the_sheet_of_the_device(as_):
    for path in ("/visits", "/today"):
        assert 'href="/sheet"' in as_("tech").get(path).text
        assert 'href="/sheet"' not in as_("office").get(path).text


# ---- at the same moment, and in the middle of it


def at_once(app, *deeds: Callable[[], Any]) -> list[str]:
    """Runs the deeds in threads of their own, each in its transaction; what became of them."""
    outcome: list[str] = []
    barrier = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> None:
        with app.test_request_context():
            barrier.wait()
            try:
                with transaction():
                    deed()
                outcome.append("made")
            except Problem as problem:
                outcome.append(problem.code)
            except Exception as error:
                outcome.append(repr(error))
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcome)


def test_two_sign_offs_at_once_make_one_signature(app, made):
    forms = made(lambda: [drawn(rows) for rows in [shaoguan()] for _turn in range(4)])
    deeds = [lambda form=form: bring(form, by=somebody("tech"), now=EVENING) for form in forms]
    assert at_once(app, *deeds) == ["already_signed", "already_signed", "already_signed", "made"]
    assert total(app, Signature) == 1


def test_the_same_sign_off_in_two_tries_at_once_is_stored_once(app, made):
    form = made(lambda: drawn(shaoguan()))
    assert at_once(app, *[lambda: bring(form, by=somebody("tech"), now=EVENING)] * 4) == ["made"] * 4
    assert total(app, Signature) == 1


def test_both_signatures_of_a_phone_at_once_stand_under_one_sheet(app, made):
    def drawing():
        rows = futian()
        return drawn(rows[:2], "tech2", "inspector"), drawn(rows[:2], "supervisor2", "handover")

    forms = made(drawing)
    assert at_once(app, *[lambda form=form: bring(form, by=somebody("tech2"), now=EVENING) for form in forms]) == [
        "made",
        "made",
    ]
    with app.app_context():
        visits = set(db.session.scalars(select(Signature.visit_id)))
        assert len(visits) == 1
        assert total(app, Visit) == 2
        assert db.session.scalar(select(func.count(Inspection.id)).where(Inspection.visit_id.in_(visits))) == 2


@pytest.mark.parametrize("way", ["field", "online"])
@pytest.mark.parametrize("turn", range(3))
def test_a_hand_in_and_a_sign_off_at_the_very_same_moment(app, made, way, turn):
    """Whoever is first: the signature covers what it names, and the inspection stands on a sheet without it."""

    def preparing():
        rows = shaoguan()
        visit = sheet_of(rows[0])
        form = drawn(rows)
        online = {**form, "covers": covers_of(visit.id), "file": drawn_by(somebody("supervisor"), seed=5)}
        return visit.id, ids(rows), form if way == "field" else online

    visit_id, shown, form = made(preparing)
    late = [load_inspection(uuid.uuid4(), _form(app, code)) for code in ("SG-2-01-003", "SG-2-01-005", "SG-2-02-002")]

    def sign():
        if way == "field":
            return bring(form, by=somebody("tech"), now=EVENING)
        from webapp.visits.actions import sign_off

        fields = {name: form[name] for name in ("id", "capacity", "name", "signed_at", "covers", "file")}
        return sign_off(visit_id, fields, by=somebody("supervisor"), now=EVENING)

    deeds = [lambda one=one: hand_in(one, by=somebody("tech"), now=EVENING) for one in late]
    outcome = at_once(app, sign, *deeds)
    with app.app_context():
        assert count(Inspection) == len(shown) + len(late)
        signature = db.session.scalars(select(Signature)).all()
        if way == "field":
            assert outcome == ["made"] * 4
        else:
            assert outcome in (["made"] * 4, ["made"] * 3 + ["sheet_changed"])
        for each in signature:
            stands = set(db.session.scalars(select(Inspection.id).where(Inspection.visit_id == each.visit_id)))
            assert stands == shown
            assert each.covers_digest == covers_digest(covers_of(each.visit_id))
        for seal in db.session.scalars(select(Seal)):
            assert check_seal(seal).breaks == []
        sheets = db.session.execute(select(Visit.number)).scalars().all()
        assert sorted(sheets) == list(range(1, len(sheets) + 1))


def _form(app, code: str) -> dict[str, Any]:
    with app.app_context():
        return filled(asset_with(code), at=MORNING + timedelta(hours=2))


def test_confirming_and_objecting_at_once_leaves_one_of_them(app, made):
    visit_id = made(lambda: brought(shaoguan()).visit_id)
    outcome = at_once(
        app,
        lambda: confirm(visit_id, by=somebody("supervisor"), now=EVENING),
        lambda: object_to(visit_id, "不是我", by=somebody("supervisor"), now=EVENING),
    )
    assert outcome in (["made", "objected"], ["made", "sealed"])
    with app.app_context():
        row = db.session.scalars(select(Signature)).one()
        assert row.is_void is (outcome[1] == "objected") is (count(Seal) == 0)


def test_confirming_twice_at_once_seals_once(app, made):
    visit_id = made(lambda: brought(shaoguan()).visit_id)
    deed = lambda: confirm(visit_id, by=somebody("supervisor"), now=EVENING)  # noqa: E731
    assert at_once(app, deed, deed, deed) == ["made"] * 3
    assert total(app, Seal) == 1


def test_a_return_while_its_row_moves_to_another_sheet_finds_it_there(app, made):
    def preparing():
        rows = shaoguan()
        return drawn(rows[:2]), rows[2].id

    form, moving = made(preparing)
    outcome = at_once(
        app,
        lambda: bring(form, by=somebody("tech"), now=EVENING),
        lambda: give_back(moving, {"reason": "请补拍"}, by=somebody("supervisor"), now=EVENING),
    )
    assert outcome == ["made", "made"]
    with app.app_context():
        assert sheet_of(db.session.get_one(Inspection, moving)).number == 2


@pytest.mark.parametrize("name", ["add_signature", "_carry_out", "seal_if_complete"])
def test_a_server_that_dies_in_the_middle_has_stored_nothing_and_the_next_try_stores_all(app, made, monkeypatch, name):
    form = made(lambda: drawn(shaoguan()[:2]))

    class Killed(BaseException):
        pass

    def die(*_args, **_more):
        raise Killed

    def bring_it():
        return bring(form, by=somebody("tech"), now=EVENING)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(field_sign_off, name, die)
        made(bring_it)
    with app.app_context():
        assert (count(Signature), count(Visit)) == (0, 1)
        assert db.session.get(Arrival, form["id"]) is None
    assert made(bring_it).is_new
    assert (total(app, Signature), total(app, Visit)) == (1, 2)
