"""A round taken along: its pages are those of the server, nothing is left out silently, and it is light."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from sqlalchemy import delete, select

from tests.inspections.documents import ANTENNA, asset_with
from tests.visits.days import abnormal_antenna, inspected, photo, somebody
from webapp.assets.models import Asset, Label, System
from webapp.extensions import db
from webapp.inspections.models import Return
from webapp.jointtests.models import JointTestForm
from webapp.kit.clock import utc_now
from webapp.kit.static_files import present_build
from webapp.kit.transaction import transaction
from webapp.plans.pack import good_until
from webapp.sites.models import ServiceLine, Site

AMPLIFIER = "SG-2-01-003"
WEIGHT = 100_000  # bytes, of a round of 20 devices
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)


@pytest.fixture
def made(app):
    """Does something in a transaction of its own."""

    def run(work, *arguments, **changes):
        with app.test_request_context(), transaction():
            return work(*arguments, **changes)

    return run


def pack_for(client, line: int = 2):
    answer = client.get(f"/today/pack?line={line}", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def hand_in(code: str = AMPLIFIER) -> uuid.UUID:
    return inspected(code, somebody("tech"), at=utc_now() - timedelta(minutes=1)).id


def give_back(inspection_id: uuid.UUID) -> None:
    values = {"returned_by": somebody("supervisor").id, "returned_at": utc_now(), "received_at": utc_now()}
    db.session.add(Return(id=uuid.uuid4(), inspection_id=inspection_id, item_key="", reason="again", **values))


def id_of(code: str) -> uuid.UUID:
    return asset_with(code).id


def assets_of_line(number: int) -> list[Asset]:
    wanted = select(Asset).join(Asset.system).join(System.service_line).join(Site)
    return list(
        db.session.scalars(wanted.where(Site.code == "SG", ServiceLine.number == number).order_by(Asset.position))
    )


def history(app, made) -> None:
    """A device with a fault and two photos, one sent back, one in order, one without a checklist."""
    made(lambda: abnormal_antenna(somebody("tech"), at=utc_now() - timedelta(days=2)))
    made(give_back, made(hand_in))
    made(hand_in, "SG-2-01-002")

    def unheard_of() -> None:
        asset = asset_with("SG-2-02-001")
        asset.name, asset.category = "Something unheard of", None

    made(unheard_of)


@pytest.mark.one_database
def test_each_page_is_byte_for_byte_the_page_at_its_own_address(app, as_, made):
    history(app, made)
    for language in ("zh", "en"):
        tech = as_("tech", language)
        pages = pack_for(tech)["pages"]
        assert len(pages) == 54  # 52 rows and 2 places; one has no checklist, one that was sent back has two pages
        assert all(tech.get(page["url"]).data == page["html"].encode() for page in pages)


def test_every_row_is_taken_along_or_named_as_missing(app, as_, made):
    history(app, made)
    pack = pack_for(as_("tech"))
    taken = {re.search(r"/inspections/new/([0-9a-f-]{36})", page["url"]).group(1) for page in pack["pages"]}
    due = {str(asset.id): asset.code for asset in made(assets_of_line, 2)}
    assert set(due) - taken == {missing["asset"] for missing in pack["missing"]}
    missing = {"asset": str(made(id_of, "SG-2-02-001")), "name": "Something unheard of", "why": "no checklist fits"}
    assert pack["missing"] == [missing]


def test_what_is_to_be_done_comes_first_and_what_is_done_comes_along(app, as_, made):
    made(hand_in, ANTENNA)
    pack = pack_for(as_("tech"))
    assert pack["round"] == {"key": "SG-2", "title": "移动卫星应急指挥车", "rows": 54, "todo": 53}
    assert pack["pages"][-1]["url"] == f"/inspections/new/{made(id_of, ANTENNA)}"


def test_what_was_sent_back_has_its_blank_form_and_the_one_with_the_reason(app, as_, made):
    """Today leads to the one, the label of the device to the other; both must open."""
    inspection = made(hand_in)
    made(give_back, inspection)
    address = f"/inspections/new/{made(id_of, AMPLIFIER)}"
    pages = {page["url"]: page["html"] for page in pack_for(as_("tech"))["pages"]}
    assert [url for url in pages if url.startswith(address)] == [address, f"{address}?again={inspection}"]
    assert "The whole record was sent back" in pages[f"{address}?again={inspection}"]
    assert "sent back" not in pages[address]


def test_all_links_of_today_and_the_round_to_checklists_of_the_line_are_in_the_pack(app, as_, made):
    history(app, made)
    tech = as_("tech")
    known = {page["url"] for page in pack_for(tech)["pages"]}
    missing = f"/inspections/new/{made(id_of, 'SG-2-02-001')}"
    of_line = {str(asset.id) for asset in made(assets_of_line, 2)}
    for address in ("/today", "/today/2"):
        links = set(re.findall(r'href="(/inspections/new/[^"]+)"', tech.get(address).text))
        assert links
        assert {link for link in links if link[17:53] in of_line} - known <= {missing}


@pytest.mark.one_database
def test_the_pictures_that_the_pages_show_are_listed_and_open(app, as_, made):
    made(lambda: abnormal_antenna(somebody("tech"), at=utc_now() - timedelta(days=2)))
    tech = as_("tech")
    pack = pack_for(tech)
    assert len(pack["files"]) == 2
    shown = "".join(page["html"] for page in pack["pages"])
    for address in pack["files"]:
        assert f'src="{address}"' in shown
        assert tech.get(address).status_code == 200


def test_a_photo_kept_in_a_form_that_is_done_again_is_listed_too(app, as_, made):
    def with_photo() -> tuple[uuid.UUID, uuid.UUID]:
        shot = photo(somebody("tech"))
        found = inspected(ANTENNA, somebody("tech"), at=utc_now(), photos={"photo_roof": [shot]})
        db.session.flush()
        values = {"returned_by": somebody("supervisor").id, "returned_at": utc_now(), "received_at": utc_now()}
        db.session.add(Return(id=uuid.uuid4(), inspection_id=found.id, item_key="agc", reason="again", **values))
        return found.id, shot

    _inspection, shot = made(with_photo)
    assert pack_for(as_("tech"))["files"] == [f"/files/{shot}/thumbnail"]


def test_the_labels_of_the_whole_site_are_named_and_say_whether_they_are_taken(app, as_, made):
    history(app, made)
    labels = {label["asset"]: label for label in pack_for(as_("tech"))["labels"]}
    assert len(labels) == 125
    assert sum(label["taken"] for label in labels.values()) == 53
    one = labels[str(made(id_of, ANTENNA))]
    token, code = made(
        lambda: db.session.execute(select(Label.token, Label.short_code).where(Label.asset_id == id_of(ANTENNA))).one()
    )
    assert one == {
        "token": token,
        "code": code,
        "asset": str(made(id_of, ANTENNA)),
        "name": "车载Ku动中通天线",
        "list": f"2 · {ANTENNA}",
        "taken": True,
    }
    assert not labels[str(made(id_of, "SG-1-01-001"))]["taken"]
    assert not labels[str(made(id_of, "SG-2-02-001"))]["taken"]  # it has no checklist


def test_a_label_that_was_replaced_and_those_of_other_sites_are_not_among_them(app, as_, made):
    def replace() -> None:
        label = db.session.scalars(select(Label).where(Label.asset_id == id_of(ANTENNA))).one()
        label.replaced_at = utc_now()

    made(replace)
    labels = pack_for(as_("tech"))["labels"]
    assert len(labels) == 124
    assert not [label for label in labels if "FT-" in label["list"]]


def test_it_says_for_whom_and_of_which_version_it_is_and_is_kept_by_no_cache(app, as_, made):
    answer = as_("tech").get("/today/pack?line=2")
    pack = answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert pack["user"] == str(made(lambda: somebody("tech").id))
    assert pack["version"] == made(lambda: present_build().name)
    site = made(lambda: db.session.scalars(select(Site).where(Site.code == "SG")).one())
    assert pack["site"] == {"id": str(site.id), "name": site.name, "zone": "Asia/Shanghai"}
    made_at, until = (datetime.fromisoformat(pack[name]) for name in ("made_at", "expires_at"))
    assert timedelta(days=1) <= until - made_at <= timedelta(days=7)


@pytest.mark.parametrize(
    ("left", "good_for"),
    [
        (timedelta(days=20), timedelta(days=7)),
        (timedelta(days=7), timedelta(days=7)),
        (timedelta(days=3), timedelta(days=3)),
        (timedelta(days=1), timedelta(days=1)),
        (timedelta(hours=2), timedelta(days=1)),
    ],
)
def test_it_is_good_for_a_week_or_the_rest_of_the_month_but_at_least_a_day(left, good_for):
    assert good_until(NOON, NOON + left) == NOON + good_for


@pytest.mark.one_database
def test_further_pages_are_named_the_joint_test_only_where_the_vehicle_is(as_):
    always = ["/scan", "/outbox", "/sheet", "/notes/new", "/faults/new", "/contacts"]
    assert pack_for(as_("tech"), 2)["shared"] == ["/today", "/today/2", *always, "/joint-tests/new"]
    assert pack_for(as_("tech"), 1)["shared"] == ["/today", "/today/1", *always]
    assert pack_for(as_("tech2"), 1)["shared"] == ["/today", "/today/1", *always]


def test_a_round_with_a_vehicle_gets_ready_where_there_is_no_form_for_joint_tests(as_, made):
    made(lambda: db.session.execute(delete(JointTestForm)))
    assert "/joint-tests/new" not in pack_for(as_("tech"), 2)["shared"]


def test_every_further_page_is_there_for_who_takes_the_round_along(as_):
    tech = as_("tech")
    answers = {address: tech.get(address).status_code for address in pack_for(tech)["shared"]}
    assert set(answers.values()) == {200}, answers


@pytest.mark.parametrize(("query", "status"), [("", 422), ("?line=x", 422), ("?line=0", 422), ("?line=9", 404)])
def test_a_line_that_is_not_given_or_not_there_is_a_plain_problem(as_, query, status):
    answer = as_("tech").get(f"/today/pack{query}", headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert answer.get_json()["error"]["message"]


def test_only_who_inspects_takes_a_round_along(as_, client):
    for username, status in [("lead", 200), ("supervisor", 403), ("office", 403), ("admin", 403)]:
        assert as_(username).get("/today/pack?line=2").status_code == status, username
    assert client.get("/today/pack?line=2", headers={"Accept": "application/json"}).status_code == 401


def test_today_and_the_round_offer_it_to_who_inspects(as_):
    for address, blocks in (("/today", 3), ("/today/2", 1)):
        page = as_("tech").get(address).text
        assert page.count("data-pack=") == page.count("data-take>") == page.count("data-pack-state") == blocks
        assert 'data-pack="2" data-pack-key="SG-2"' in page
        assert "data-pack=" not in as_("supervisor").get(address).text


def test_a_page_costs_two_queries_and_the_rest_is_loaded_once(app, as_, made, queries):
    history(app, made)
    tech = as_("tech")

    def counted() -> tuple[int, int]:
        queries.clear()
        pages = len(pack_for(tech)["pages"])
        return len(queries), pages

    many, pages = counted()

    def retire() -> None:
        for asset in assets_of_line(2)[20:]:
            asset.status = "retired"

    made(retire)
    few, fewer = counted()
    asked_of_the_vehicle = 2  # whether there is a form for joint tests
    assert many - few == 2 * (pages - fewer) + asked_of_the_vehicle  # limits of the device, open findings
    assert few <= 2 * fewer + 40


@pytest.mark.one_database
def test_a_round_of_twenty_devices_is_light(app, as_, made):
    """The first twenty rows of the vehicle's list with three months of history and the labels of the whole site.

    Brotli counts: rounds are kept by service workers, those need HTTPS, and over HTTPS every browser takes it. Gzip
    weighs nearly three times as much: pages repeat themselves 40 kB apart, and it looks back 32 kB.
    """

    def retire() -> None:
        for asset in assets_of_line(2)[20:]:
            asset.status = "retired"

    made(lambda: abnormal_antenna(somebody("tech"), at=utc_now() - timedelta(days=2)))
    for days in (90, 60, 30):
        for asset in made(assets_of_line, 2)[1:20]:
            made(
                lambda code, at: inspected(code, somebody("tech"), at=at), asset.code, utc_now() - timedelta(days=days)
            )
    made(retire)
    tech = as_("tech", "zh")
    weight = {}
    for encoding in ("br", "gzip"):
        answer = tech.get("/today/pack?line=2", headers={"Accept-Encoding": encoding})
        assert answer.headers["Content-Encoding"] == encoding
        weight[encoding] = len(answer.data)
        if encoding == "br":
            assert brotli.decompress(answer.data).startswith(b"{")
    assert len(pack_for(tech)["pages"]) == 20
    assert weight["br"] <= WEIGHT / 2, weight
    assert weight["gzip"] <= WEIGHT * 1.1, weight
