"""One changed byte, wherever it is, is found and named: in a row, in a photo, in a signature, in the chain itself."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from tests.inspections.documents import ANTENNA, asset_with
from tests.visits.days import MORNING, antenna_day, signed
from webapp.audit.models import Verb
from webapp.checklists.models import CheckItem
from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Omission, Return, Signature, Visit
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.seals.models import Seal
from webapp.verify.check import check_chain, check_seal, missing_seals
from webapp.verify.rules import Kind, Verdict, verdict_of

DAYS = 3


@pytest.fixture
def chain(app):
    """Three sealed sheets of Shaoguan."""
    with app.test_request_context(), transaction():
        for day in range(DAYS):
            signed(antenna_day(at=MORNING.replace(day=10 + day)))
    yield app
    with app.app_context():
        shutil.rmtree(store().folder)  # what these tests damage is not for the next one


def verify(app, *arguments: str):
    """`flask seals verify`: exit status and what it printed."""
    result = app.test_cli_runner().invoke(args=["seals", "verify", *arguments])
    return result.exit_code, result.output


def change(app, statement) -> None:
    with app.app_context(), transaction():
        db.session.execute(statement)


def antenna_id(app, number: int = 2) -> uuid.UUID:
    """The antenna's inspection of the sheet that seal `number` is over."""
    with app.app_context():
        seal = db.session.scalars(select(Seal).where(Seal.number == number)).one()
        asset = asset_with(ANTENNA)
        wanted = select(Inspection.id).where(Inspection.visit_id == seal.record_id, Inspection.asset_id == asset.id)
        return db.session.scalars(wanted).one()


def path_of(app, sha256: str) -> Path:
    with app.app_context():
        return store().folder / sha256[:2] / sha256[2:4] / sha256


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_an_untouched_chain_is_unchanged(chain):
    status, output = verify(chain)
    assert status == 0
    assert "SG: 3 seals, all unchanged." in output
    assert "FT: 0 seals, all unchanged." in output


def test_an_unknown_site_is_named(chain):
    status, output = verify(chain, "XX")
    assert status == 1
    assert "XX" in output


def test_a_changed_answer_is_named_with_device_item_and_both_values(chain):
    inspection = antenna_id(chain)
    change(chain, update(Answer).where(Answer.inspection_id == inspection, Answer.value == "342").values(value="341"))
    status, output = verify(chain, "SG")
    assert status == 1
    assert "SG No. 2 visit" in output
    assert "inspections › SG-2-01-001 车载Ku动中通天线 › answers › " in output
    assert "value: sealed “342”, now “341”" in output
    assert "No. 1" not in output
    assert "No. 3" not in output


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            lambda i: update(Answer).where(Answer.inspection_id == i, Answer.remedy == "fault").values(why="别的"),
            "reason",
        ),
        (
            lambda i: update(Answer).where(Answer.inspection_id == i, Answer.remedy == "fault").values(level="consult"),
            "level",
        ),
        (
            lambda i: update(Answer).where(Answer.inspection_id == i, Answer.remedy == "fault").values(judgement={}),
            "judgement",
        ),
        (lambda i: update(Inspection).where(Inspection.id == i).values(finished_at=MORNING), "time"),
        (lambda i: update(Inspection).where(Inspection.id == i).values(run_state="stopped"), "run_state"),
        (lambda i: update(Inspection).where(Inspection.id == i).values(units_checked=0), "units_checked"),
        (lambda i: update(Inspection).where(Inspection.id == i).values(digest="0" * 64), "digest"),
        (
            lambda i: delete(AnswerPhoto).where(
                AnswerPhoto.answer_id.in_(select(Answer.id).where(Answer.inspection_id == i))
            ),
            "photos",
        ),
        (lambda i: update(Signature).values(name="别人"), "signatures"),
        (lambda i: update(Signature).values(signed_at=MORNING), "time of signing"),
        (lambda i: update(Visit).values(accompanied_by="某人"), "accompanied_by"),
        (
            lambda i: update(CheckItem).where(CheckItem.key == "acquire_time").values(maximum=999),
            "questions of the checklist",
        ),
        (lambda i: update(StoredFile).values(sha256="0" * 64), "digest of the file"),
    ],
)
def test_every_signed_column_is_watched(chain, statement, named):
    change(chain, statement(antenna_id(chain)))
    status, output = verify(chain)
    assert status == 1
    assert named in output


def test_rows_added_to_a_sealed_sheet_are_found(chain):
    inspection = antenna_id(chain)
    with chain.app_context(), transaction():
        row = db.session.get_one(Inspection, inspection)
        facts = {"reason": "x", "received_at": utc_now()}
        db.session.add(
            Return(id=uuid.uuid4(), inspection_id=row.id, returned_by=row.technician_id, returned_at=utc_now(), **facts)
        )
        db.session.add(
            Omission(
                id=uuid.uuid4(),
                site_id=row.site_id,
                asset_id=row.asset_id,
                month="2026-11",
                visit_id=row.visit_id,
                reason="x",
                given_by=row.technician_id,
                given_at=utc_now(),
            )
        )
    _status, output = verify(chain)
    assert "returns" in output
    assert "not reached" in output


def test_one_changed_byte_of_a_photo_on_disk_is_named(chain):
    with chain.app_context():
        sha256 = db.session.scalars(
            select(StoredFile.sha256).join(AnswerPhoto, AnswerPhoto.file_id == StoredFile.id)
        ).first()
    flip(path_of(chain, sha256))
    status, output = verify(chain)
    assert status == 1
    assert "photos" in output
    assert "the file was changed on disk" in output
    assert "SG-" in output


def test_one_changed_byte_of_a_signature_on_disk_is_named_and_so_is_a_missing_file(chain):
    with chain.app_context():
        sha256 = db.session.scalars(
            select(StoredFile.sha256).join(Signature, Signature.file_id == StoredFile.id)
        ).first()
    flip(path_of(chain, sha256))
    assert "signatures › supervisor 陈志强: the file was changed on disk" in verify(chain)[1]
    path_of(chain, sha256).unlink()
    status, output = verify(chain)
    assert (status, "signatures › supervisor 陈志强: the file is missing" in output) == (1, True)


def test_one_changed_byte_of_the_sealed_text_is_found(chain):
    with chain.app_context(), transaction():
        seal = db.session.scalars(select(Seal).where(Seal.number == 2)).one()
        seal.content = seal.content.replace('"342"', '"341"')
    status, output = verify(chain)
    assert status == 1
    assert "No. 2 visit" in output
    assert "the stored text is not the one that was sealed" in output


def test_a_name_changed_inside_the_sealed_text_is_found_too(chain):
    """Names are not compared with the live rows; the digest alone answers for them."""
    with chain.app_context(), transaction():
        seal = db.session.scalars(select(Seal).where(Seal.number == 1)).one()
        seal.content = seal.content.replace("张伟", "张三")
    status, output = verify(chain)
    assert (status, output.count("No. 1 ")) == (1, 1)
    assert "the stored text is not the one that was sealed" in output


@pytest.mark.parametrize(
    ("number", "said"), [(1, "expected No. 1"), (2, "expected No. 2"), (3, "that seal is missing")]
)
def test_a_deleted_seal_is_noticed_even_the_last(chain, number, said):
    change(chain, delete(Seal).where(Seal.number == number))
    status, output = verify(chain)
    assert status == 1
    assert said in output


def test_two_swapped_seals_are_found(chain):
    with chain.app_context(), transaction():
        one, two = db.session.scalars(select(Seal).where(Seal.number < 3).order_by(Seal.number)).all()
        ids = one.id, two.id
    for number, seal_id in ((99, ids[0]), (1, ids[1]), (2, ids[0])):
        change(chain, update(Seal).where(Seal.id == seal_id).values(number=number))
    status, output = verify(chain)
    assert status == 1
    assert "does not follow the seal before it" in output


def test_a_rewritten_chain_betrays_itself_in_the_log(chain):
    """Somebody changes a record and makes all seals anew: the log still knows the old digests."""
    from webapp.seals.rules import FIRST, digest_of

    with chain.app_context(), transaction():
        before = FIRST
        for seal in db.session.scalars(select(Seal).order_by(Seal.number)).all():
            seal.content = seal.content.replace("342", "301")
            seal.previous_digest, seal.digest = before, digest_of(before, seal.content)
            before = seal.digest
        db.session.execute(update(Answer).where(Answer.value == "342").values(value="301"))
    status, output = verify(chain)
    assert status == 1
    assert "that seal is missing" in output


def test_a_missing_record_is_named(chain):
    gone = uuid.uuid4()
    change(chain, update(Seal).where(Seal.number == 1).values(record_id=gone))
    status, output = verify(chain)
    assert status == 1
    assert f"SG No. 1 visit {gone}: the record itself is missing" in output


def test_verdicts_outweigh_each_other_in_order(chain):
    with chain.app_context():
        seals = db.session.scalars(select(Seal).order_by(Seal.number)).all()
        assert [verdict_of(check_seal(seal).breaks) for seal in seals] == [Verdict.UNCHANGED] * DAYS
        assert [checked.breaks for checked in check_chain(seals[0].site_id)] == [[]] * DAYS
        assert missing_seals(seals[0].site_id) == []


def test_the_log_names_every_seal(chain):
    with chain.app_context():
        rows = db.session.execute(
            text("select facts from audit_entries where verb = :verb"), {"verb": Verb.RECORD_SEALED.value}
        ).all()
    numbers = sorted((json.loads(row[0]) if isinstance(row[0], str) else row[0])["number"] for row in rows)
    assert numbers == [1, 2, 3]


def test_kinds_of_breaks_lead_to_the_right_verdict():
    from webapp.verify.rules import Break

    assert verdict_of([Break(Kind.FILE, "")]) is Verdict.FILE_DIFFERS
    assert verdict_of([Break(Kind.FILE, ""), Break(Kind.CONTENT, "")]) is Verdict.CONTENT_DIFFERS
    assert verdict_of([Break(Kind.CONTENT, ""), Break(Kind.PREVIOUS, "")]) is Verdict.SEAL_BROKEN
    assert verdict_of([]) is Verdict.UNCHANGED
