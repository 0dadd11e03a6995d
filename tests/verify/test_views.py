"""What the public page says, and what it keeps for members of the command centre."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from tests.visits.days import antenna_day, signed
from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.inspections.models import Answer, Signature
from webapp.kit.limits import Limit
from webapp.kit.transaction import transaction
from webapp.verify.limits import MOST_ADDRESSES, PER_MINUTE


@pytest.fixture
def digest(app) -> Iterator[str]:
    with app.test_request_context(), transaction():
        made = signed(antenna_day()).seal.digest
    yield made
    with app.app_context():
        shutil.rmtree(store().folder)  # what these tests damage is not for the next one


def test_anybody_learns_that_a_record_is_unchanged_and_nothing_more(client, digest):
    text = client.get(f"/verify/{digest}", headers={"Accept-Language": "zh"}).text
    for said in ("封存后未改动", "韶关市应急管理局应急指挥中心", "2026-11-18", "第\u00a00001\u00a0号", digest):
        assert said in text
    for kept in ("陈志强", "张伟", "SG-2-01-001", "/visits/"):
        assert kept not in text


def test_members_see_who_signed_and_find_the_record(as_, digest):
    text = as_("office").get(f"/verify/{digest}").text
    assert "陈志强" in text
    assert "/visits/" in text
    stranger = as_("supervisor2").get(f"/verify/{digest}").text
    assert "Unchanged" in stranger
    assert "陈志强" not in stranger


def test_upper_case_digits_are_the_same_digest(client, digest):
    assert client.get(f"/verify/{digest.upper()}").status_code == 200


@pytest.mark.parametrize("asked", ["0" * 64, "nonsense", "<script>", "1' or '1'='1"])
def test_an_unknown_seal_says_so(client, asked):
    answer = client.get(f"/verify/{asked}")
    assert answer.status_code == 404
    assert "本系统没有这个封存" in answer.text


def test_a_changed_answer_is_told_to_all_and_named_to_members(app, client, as_, digest):
    with app.app_context(), transaction():
        db.session.execute(update(Answer).where(Answer.value == "342").values(value="300"))
    public = client.get(f"/verify/{digest}").text
    assert "记录与封存内容不一致" in public
    assert not re.search(r"\b342\b", public)
    assert "sealed “342”, now “300”" in as_("supervisor").get(f"/verify/{digest}").text


def test_a_changed_signature_file_is_told(app, client, digest):
    with app.app_context():
        sha256 = db.session.scalars(select(StoredFile.sha256).join(Signature, Signature.file_id == StoredFile.id)).one()
        path = store().folder / sha256[:2] / sha256[2:4] / sha256
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "照片或签名与封存内容不一致" in client.get(f"/verify/{digest}").text


def test_guessing_is_slowed_down(client, digest):
    for _turn in range(PER_MINUTE):
        client.get("/verify/" + "0" * 64)
    answer = client.get(f"/verify/{digest}")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"


def test_the_limit_forgets_after_a_minute_and_never_grows_without_end():
    limit = Limit(PER_MINUTE, 60, MOST_ADDRESSES)
    for _turn in range(PER_MINUTE):
        assert not limit.is_over("a", 1000.0)
    assert limit.is_over("a", 1030.0)
    assert not limit.is_over("b", 1030.0)
    assert not limit.is_over("a", 1060.0)
    for number in range(MOST_ADDRESSES + 50):
        limit.is_over(str(number), 1061.0)
    assert len(limit._asked) <= MOST_ADDRESSES
