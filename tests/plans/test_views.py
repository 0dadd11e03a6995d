"""Today: what each role sees of the rounds, and that figures come from real inspections."""

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from tests.inspections.documents import ANTENNA
from tests.visits.days import abnormal_antenna, inspected, somebody
from webapp.assets.models import Asset
from webapp.assets.queries import due_assets
from webapp.extensions import db
from webapp.inspections.models import Return
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.transaction import transaction
from webapp.plans.queries import round_of, today_of
from webapp.plans.rules import week_of
from webapp.sites.models import Membership, ServiceLine, Site

AMPLIFIER = "SG-2-01-003"


@pytest.fixture
def made(app):
    """Does something in a transaction of its own."""

    def run(work, *arguments, **changes):
        with app.test_request_context(), transaction():
            return work(*arguments, **changes)

    return run


def site_of(code: str = "SG") -> Site:
    return db.session.scalars(select(Site).where(Site.code == code)).one()


def today_in(code: str = "SG"):
    return local_day(utc_now(), "Asia/Shanghai")


def id_of(code: str) -> uuid.UUID:
    return db.session.scalars(select(Asset.id).where(Asset.code == code)).one()


def hand_in(code: str, **changes):
    return inspected(code, somebody("tech"), at=utc_now() - timedelta(minutes=1), **changes).id


def give_back(inspection_id: uuid.UUID, reason: str) -> None:
    values = {"returned_by": somebody("supervisor").id, "returned_at": utc_now(), "received_at": utc_now()}
    db.session.add(Return(id=uuid.uuid4(), inspection_id=inspection_id, item_key="", reason=reason, **values))


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_rounds_of_shaoguan_hold_its_three_lists_and_all_120_rows(as_, made):
    text = text_of(as_("tech").get("/today").text)
    for figures in ("0 / 48 rows", "0 / 52 rows", "0 / 20 rows", "0 / 71 units"):
        assert figures in text
    lists = made(lambda: today_of(site_of(), today_in()).rounds)
    due = made(lambda: due_assets(site_of().id, Month.of(today_in())))
    assert sum(len(one.rows) + len(one.places) for one in lists) == len(due)
    assert sum(one.count.due for one in lists) == 120


def test_the_first_device_in_printed_order_is_next_with_its_number_of_items(as_, made):
    page = as_("tech").get("/today").text
    assert f'href="/inspections/new/{made(id_of, ANTENNA)}"' in page
    assert re.search(r"next one · [^<]*11 items", page)
    made(hand_in, ANTENNA)
    assert f'href="/inspections/new/{made(id_of, ANTENNA)}"' not in as_("tech").get("/today").text


def test_inspections_move_the_figures_and_abnormal_ones_are_counted(as_, made):
    made(lambda: abnormal_antenna(somebody("tech"), at=utc_now() - timedelta(minutes=9)))
    made(hand_in, AMPLIFIER)
    text = text_of(as_("lead").get("/today").text)
    assert "2 / 52 rows" in text
    assert "abnormal 1" in text
    assert "2 of 52 rows inspected, 1 of them abnormal, 50 still to do" in as_("lead").get("/today").text


def test_an_inspection_of_last_month_does_not_count(as_, made):
    made(lambda: inspected(AMPLIFIER, somebody("tech"), at=utc_now() - timedelta(days=32)))
    assert "0 / 52 rows" in text_of(as_("tech").get("/today").text)


def test_what_was_sent_back_counts_as_not_done_and_waits_among_the_rest(as_, made):
    inspection = made(hand_in, AMPLIFIER)
    made(give_back, inspection, "label differs from the ledger")
    page = as_("tech").get("/today").text
    assert "0 / 52 rows" in text_of(page)
    assert "label differs from the ledger" in page
    again = f"/inspections/new/{made(id_of, AMPLIFIER)}?again={inspection}"
    assert again in page
    assert again in as_("tech").get("/today/2").text
    assert f"/inspections/{inspection}" in as_("supervisor").get("/today").text


def test_a_row_of_several_units_shows_how_many_were_checked(as_, made):
    def big() -> Asset:
        return next(a for a in due_assets(site_of().id, Month.of(today_in())) if a.units >= 12 and not a.is_place)

    asset = made(big)
    made(lambda: hand_in(asset.code, units_checked="5", units_reason="locked"))
    one = made(lambda: round_of(site_of(), today_in(), asset.system.service_line.number))
    assert one.count.units_done == 5
    page = as_("tech").get(f"/today/{asset.system.service_line.number}").text
    assert f"5 / {asset.units} units" in page


def test_weekly_places_are_listed_until_somebody_has_done_them(as_, made):
    assert "This week · 网络与安全周检" in text_of(as_("tech2").get("/today").text)
    made(lambda: inspected("FT-P-NETWORK", somebody("tech2"), at=utc_now() - timedelta(minutes=1)))
    assert "This week · 网络与安全周检" not in text_of(as_("tech2").get("/today").text)


def test_last_weeks_check_does_not_count_for_this_week(as_, made):
    before = week_of(today_in())[0] - timedelta(days=1)
    age = timedelta(days=(today_in() - before).days)
    made(lambda: inspected("FT-P-NETWORK", somebody("tech2"), at=utc_now() - age))
    assert "This week · 网络与安全周检" in text_of(as_("tech2").get("/today").text)


def test_sheets_that_wait_for_a_signature_are_named(as_, made):
    made(hand_in, AMPLIFIER)
    page = as_("supervisor").get("/today").text
    assert "1 sheet to be signed" in page
    assert "/visits/" in page


def test_only_who_inspects_is_led_to_a_checklist(as_):
    for username in ("tech", "lead"):
        assert "/inspections/new/" in as_(username).get("/today").text
    for username in ("supervisor", "office", "admin"):
        for path in ("/today", "/today/1"):
            page = as_(username).get(path).text
            assert "/inspections/new/" not in page
            assert "/assets/" in page


def test_the_list_of_a_line_shows_every_row_under_its_system(as_, made):
    page = as_("tech").get("/today/2").text
    one = made(lambda: round_of(site_of(), today_in(), 2))
    assert page.count('class="row"') == len(one.rows) + len(one.places)
    assert page.count("<h2") == len(one.systems) + 1
    assert "车载Ku动中通天线" in page


def test_the_list_is_narrowed_to_what_is_open_or_abnormal(as_, made):
    made(lambda: abnormal_antenna(somebody("tech"), at=utc_now() - timedelta(minutes=9)))
    made(hand_in, AMPLIFIER)
    tech = as_("tech")
    everything, still_open, abnormal = (
        tech.get(f"/today/2{query}").text.count('class="row"') for query in ("", "?show=open", "?show=abnormal")
    )
    assert (everything - still_open, abnormal) == (2, 1)
    assert "Nothing to show" in tech.get("/today/1?show=abnormal").text


def test_a_line_that_is_not_there_or_not_due_is_404(as_, made):
    assert as_("tech").get("/today/9").status_code == 404
    assert as_("tech2").get("/today/2").status_code == 404
    made(end_line_two)
    assert as_("tech").get("/today/2").status_code == 404
    assert "移动卫星应急指挥车</h2>" not in as_("tech").get("/today").text


def end_line_two() -> None:
    wanted = select(ServiceLine).join(Site).where(Site.code == "SG", ServiceLine.number == 2)
    line = db.session.scalars(wanted).one()
    line.starts_on, line.ends_on = line.starts_on - timedelta(days=800), line.starts_on - timedelta(days=400)


def test_the_office_is_warned_before_a_service_period_ends(as_, made):
    def end_in(days: int) -> None:
        for line in db.session.scalars(select(ServiceLine)):
            line.ends_on = today_in() + timedelta(days=days)

    made(end_in, 61)
    assert "service period ends" not in as_("office").get("/today").text
    made(end_in, 60)
    assert "the service period ends in 60 days" in as_("office").get("/today").text
    assert "service period ends" not in as_("tech").get("/today").text


def test_nothing_due_says_so_and_shows_a_way_out(as_, made):
    def retire_all() -> None:
        for asset in db.session.scalars(select(Asset)):
            asset.status = "retired"

    made(retire_all)
    page = as_("tech").get("/today").text
    assert "Nothing is due this month" in page
    assert 'href="/assets"' in page


def test_nobody_without_a_role_sees_anything(as_, made):
    made(lambda: db.session.execute(delete(Membership).where(Membership.person_id == somebody("tech").id)))
    assert as_("tech").get("/today").status_code == 403


def test_the_pages_take_a_fixed_number_of_queries(as_, made, queries):
    tech = as_("tech")

    def counted(path: str) -> int:
        queries.clear()
        assert tech.get(path).status_code == 200
        return len(queries)

    for code in (ANTENNA, AMPLIFIER):
        made(give_back, made(hand_in, code), "again")
    few = (counted("/today"), counted("/today/2"))
    for number in range(7, 15):
        code = f"SG-2-02-{number:03d}"
        made(give_back if number % 2 else lambda *_a: None, made(hand_in, code), "again")
    assert (counted("/today"), counted("/today/2")) == few
    assert max(few) <= 18
