"""What the form of an asset shows of the last time something was wrong."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest

from tests.inspections.documents import ANTENNA, WALL, code_to_id
from tests.visits.days import abnormal_antenna, inspected, photo, somebody
from webapp.extensions import db
from webapp.inspections.models import Return
from webapp.inspections.pages import asked_for
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

LONG_AGO = timedelta(days=40)


@pytest.fixture
def made(app):
    """Does something in a transaction of its own."""

    def run(work, *arguments, **changes):
        with app.test_request_context(), transaction():
            return work(*arguments, **changes)

    return run


def form_of(app, client, query: str = "", code: str = ANTENNA) -> str:
    return client.get(f"/inspections/new/{code_to_id(app, code)}{query}").text


def item(page: str, key: str) -> str:
    return re.search(rf'<li class="item" id="i-{key}".*?\n</div></li>', page, re.S).group()


def wrong(ago: timedelta = LONG_AGO, **changes) -> uuid.UUID:
    return abnormal_antenna(somebody("tech"), at=utc_now() - ago, **changes).id


def give_back(inspection_id: uuid.UUID) -> None:
    values = {"returned_by": somebody("supervisor").id, "returned_at": utc_now(), "received_at": utc_now()}
    db.session.add(Return(id=uuid.uuid4(), inspection_id=inspection_id, item_key="", reason="again", **values))


def test_an_item_that_was_abnormal_says_when_why_and_shows_its_photos(app, as_, made):
    made(wrong)
    page = form_of(app, as_("tech"))
    shown = item(page, "acquire_time")
    assert re.search(r"Abnormal on \w+ \d+:", shown)
    assert "342 s · 冷启动后首次对星多次重捕" in shown
    pictures = re.findall(r'<img src="/files/[0-9a-f-]{36}/thumbnail" alt="[^"]+" width="96" height="96">', shown)
    assert len(pictures) == 2
    assert "loading=" not in shown  # they must be there without network, not only once they were scrolled to
    assert page.count("Abnormal on") == 1


def test_once_it_was_in_order_again_nothing_is_said(app, as_, made):
    made(wrong)
    made(lambda: inspected(ANTENNA, somebody("tech"), at=utc_now() - timedelta(days=9)))
    assert "Abnormal on" not in form_of(app, as_("tech"))


def test_what_was_sent_back_is_not_the_last_state(app, as_, made):
    made(give_back, made(wrong))
    assert "Abnormal on" not in form_of(app, as_("tech"))
    made(wrong, timedelta(days=50), **{"why.acquire_time": "车位被挡"})
    assert "车位被挡" in form_of(app, as_("tech"))


def test_a_record_that_is_corrected_is_not_compared_with_itself(app, as_, made):
    made(wrong, **{"why.acquire_time": "车位被挡"})
    newer = made(wrong, timedelta(days=1), **{"why.acquire_time": "天线卡住"})
    page = form_of(app, as_("tech"), f"?again={newer}")
    assert "车位被挡" in item(page, "acquire_time")
    assert re.search(r"Abnormal on [^:]+:</b> 342 s · 车位被挡", page)


def test_a_pass_fail_item_says_its_reason_alone(app, as_, made):
    failed = {"a.stow": "fail", "why.stow": "卡住", "remedy.stow": "fixed"}

    def fails() -> None:
        shot = photo(somebody("tech"), "maroon")
        inspected(ANTENNA, somebody("tech"), at=utc_now() - LONG_AGO, photos={"stow": [shot]}, **failed)

    made(fails)
    shown = item(form_of(app, as_("tech")), "stow")
    assert re.search(r"Abnormal on [^:]+:</b> 卡住</p>", shown)


def test_another_assets_trouble_is_not_shown(app, as_, made):
    made(wrong)
    assert "Abnormal on" not in form_of(app, as_("tech"), code=WALL)


def test_the_page_knows_its_own_address_wherever_it_is_drawn(app):
    with app.test_request_context("/today/pack?line=2"):
        from flask import request

        with asked_for("/inspections/new/00000000-0000-4000-8000-000000000001?again=x"):
            assert request.blueprint == "inspections"
            assert request.full_path.endswith("0001?again=x")
        assert request.blueprint == "packs"
