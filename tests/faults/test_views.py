"""Faults and hazards at the door: list, page, report, close, open again."""

import io
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests.faults.hazards_played import rectify
from tests.faults.played import RECORD, take
from webapp.assets.models import Asset
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.models import Finding, FindingKind, FindingPhoto
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.models import Site
from webapp.sync.models import Refusal


@pytest.fixture
def in_app(app):
    """Runs a question in an app context of its own."""

    def ask(question):
        with app.test_request_context():
            return question()

    return ask


def an_asset(code: str = "SG") -> uuid.UUID:
    wanted = select(Asset.id).join(Site, Site.id == Asset.site_id).where(Site.code == code).order_by(Asset.position)
    return db.session.scalars(wanted).first()


def raised(kind: str = "fault", username: str = "tech", code: str = "SG", **changes) -> uuid.UUID:
    with transaction():
        by = db.session.scalars(select(Person).where(Person.username == username)).one()
        values = {"asset": db.session.get_one(Asset, an_asset(code)), "item_text": "Lamp", "level": "general"}
        values |= {"text": "no picture", "photo_ids": [], "source": None, "channel": "site"}
        values |= {"reported_at": utc_now() - timedelta(minutes=30), "now": utc_now()}
        site = db.session.scalars(select(Site).where(Site.code == code)).one()
        return raise_finding(FindingKind(kind), site=site, by=by, **(values | changes)).id


def made_ready(finding_id: uuid.UUID) -> None:
    """Tested before the record was written: the bureau closes by hand."""
    with transaction():
        finding, now = db.session.get_one(Finding, finding_id), utc_now()
        take(finding, "repaired", by="tech", now=now, text="fuse changed")
        take(finding, "tested", by="supervisor", now=now, passed="true", text="works")
        take(finding, "analysed", by="tech", now=now, **RECORD)


def a_photo() -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(data, "JPEG")
    data.seek(0)
    return data


def form_of(in_app, code: str = "SG", **changes) -> dict:
    asset = str(in_app(lambda: an_asset(code)))
    return {"asset": asset, "kind": "fault", "level": "major", "text": "screen is black"} | changes


def test_a_report_from_a_plain_form_becomes_a_fault_with_number_photo_and_page(as_, in_app):
    tech, name = as_("tech"), uuid.uuid4()
    form = form_of(in_app, channel="telephone", reported_at="2026-01-05T09:30", upload=(a_photo(), "a.jpg"))
    answer = tech.post(f"/faults/{name}", data=form)
    assert (answer.status_code, answer.location) == (303, f"/faults/{name}")
    page = tech.get(answer.location).text
    assert re.search(r"GZ-\d{4}-01", page)
    assert "Jan 5 09:30" in page
    assert "Told by telephone" in page
    assert "/thumbnail" in page
    assert "Response 10 min · arrival 1 h · handling 4 h" in page
    assert "HD video conference" in page


def test_the_same_report_again_changes_nothing_and_another_content_is_refused_and_kept(as_, in_app):
    tech, name = as_("tech"), uuid.uuid4()
    form, json = form_of(in_app), {"Accept": "application/json"}
    first, again = (tech.post(f"/faults/{name}", data=form, headers=json) for _n in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"] == str(name)
    assert first.get_json()["sha256"] == again.get_json()["sha256"]
    other = tech.post(f"/faults/{name}", data=form | {"text": "something else"}, headers=json)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "other_content")
    kept = in_app(lambda: db.session.scalars(select(Refusal)).one())
    assert (kept.status, kept.content["text"]) == (409, "something else")
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(Finding))) == 1


def test_a_photo_sent_twice_with_the_same_plain_form_is_one_photo(as_, in_app):
    tech, name = as_("tech"), uuid.uuid4()
    for _n in range(2):
        form = form_of(in_app, upload=(a_photo(), "a.jpg"))
        assert tech.post(f"/faults/{name}", data=form).status_code == 303
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(FindingPhoto))) == 1


def test_a_photo_that_has_not_arrived_is_asked_for(as_, in_app):
    missing = str(uuid.uuid4())
    json = {"Accept": "application/json"}
    answer = as_("tech").post(f"/faults/{uuid.uuid4()}", data=form_of(in_app, photo=missing), headers=json)
    assert answer.status_code == 424
    assert answer.get_json()["error"]["missing"] == [missing]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "wish"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"text": ""}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"level": ""}, "level"),
        ({"level": "huge"}, "level"),
        ({"catalogue_number": "1"}, "catalogue_number"),
        ({"channel": "rumour"}, "channel"),
        ({"reported_at": "yesterday"}, "reported_at"),
        ({"reported_at": "2999-01-01T00:00"}, "reported_at"),
        ({"asset": "7"}, "asset"),
        ({"photo": "7"}, "photo"),
    ],
)
def test_bad_input_is_named_and_nothing_is_recorded(as_, in_app, change, field):
    json = {"Accept": "application/json"}
    answer = as_("tech").post(f"/faults/{uuid.uuid4()}", data=form_of(in_app, **change), headers=json)
    assert answer.status_code == 422
    assert field in answer.get_json()["error"]["fields"]
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(Finding))) == 0


def test_a_file_that_is_no_picture_is_refused_and_nothing_is_recorded(as_, in_app):
    form = form_of(in_app, upload=(io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "a.jpg"))
    assert as_("tech").post(f"/faults/{uuid.uuid4()}", data=form).status_code in (415, 422)
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(Finding))) == 0


@pytest.mark.parametrize(
    ("username", "status"),
    [("tech", 303), ("lead", 303), ("supervisor", 303), ("office", 403), ("admin", 403), ("tech2", 404)],
)
def test_who_may_report(as_, in_app, username, status):
    client = as_(username)
    page = client.get(f"/faults/new?asset={in_app(an_asset)}")
    assert page.status_code == (200 if status == 303 else status)
    assert client.post(f"/faults/{uuid.uuid4()}", data=form_of(in_app)).status_code == status


def test_another_persons_queue_is_not_taken(as_, in_app):
    answer = as_("tech").post(
        f"/faults/{uuid.uuid4()}",
        data=form_of(in_app),
        headers={"X-Outbox-User": str(uuid.uuid4()), "Accept": "application/json"},
    )
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "other_user")


def test_futian_chooses_a_kind_that_sets_the_level(as_, in_app):
    tech2, name = as_("tech2"), uuid.uuid4()
    page = tech2.get(f"/faults/new?asset={in_app(lambda: an_asset('FT'))}").text
    assert page.count("<option value=") == 24
    form = form_of(in_app, "FT", catalogue_number="7", level="general")
    assert tech2.post(f"/faults/{name}", data=form).status_code == 303
    shown = tech2.get(f"/faults/{name}").text
    assert "Major fault" in shown
    assert "Power supply stops the core system" in shown
    assert "/ 24" not in shown


def test_shaoguan_has_no_catalogue_but_three_levels_with_their_limits(as_, in_app):
    page = as_("tech").get(f"/faults/new?asset={in_app(an_asset)}").text
    assert "catalogue_number" not in page
    assert page.count('name="level"') == 3
    assert "Response 10 min · arrival 4 h · handling 12 h" in page


@pytest.mark.parametrize(("username", "status"), [("tech", 403), ("lead", 403), ("office", 403), ("supervisor2", 404)])
def test_only_the_bureau_of_the_site_closes_and_opens_again(as_, in_app, username, status):
    finding = in_app(raised)
    for deed in ("closure", "reopening"):
        answer = as_(username).post(f"/faults/{finding}/{deed}", data={"reason": "because"})
        assert answer.status_code == status
    assert "Close GZ" not in as_("tech").get(f"/faults/{finding}").text


def test_closing_needs_a_reason_and_happens_once(as_, in_app):
    finding, bureau = in_app(raised), as_("supervisor")
    early = bureau.post(f"/faults/{finding}/closure", data={"reason": "fuse changed"})
    assert early.status_code == 409
    assert "Missing: the repair, the class of the cause, what was done, the recovery test" in early.text
    in_app(lambda: made_ready(finding))
    assert bureau.post(f"/faults/{finding}/closure", data={"reason": "  "}).status_code == 422
    assert bureau.post(f"/faults/{finding}/closure", data={"reason": "fuse changed, tested"}).status_code == 303
    assert bureau.post(f"/faults/{finding}/closure", data={"reason": "again"}).status_code == 409
    page = bureau.get(f"/faults/{finding}").text
    assert "fuse changed, tested" in page
    assert "Closed" in page
    htmx = {"HX-Request": "true"}
    answer = bureau.post(f"/faults/{finding}/reopening", data={"reason": "fails again"}, headers=htmx)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/faults/{finding}")
    answer = bureau.post(f"/faults/{finding}/reopening", data={"reason": "fails again"}, headers=htmx)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#problem")
    assert "陈志强" in bureau.get(f"/faults/{finding}").text


def test_a_hazard_is_closed_by_the_same_door_once_it_is_rectified(as_, in_app):
    hazard, bureau = in_app(lambda: raised("hazard")), as_("supervisor")
    assert "YH-" in bureau.get(f"/faults/{hazard}").text
    assert bureau.post(f"/faults/{hazard}/closure", data={"reason": "cable fixed"}).status_code == 409

    def rectified() -> None:
        with transaction():
            rectify(db.session.get_one(Finding, hazard), now=utc_now())

    in_app(rectified)
    assert bureau.post(f"/faults/{hazard}/closure", data={"reason": "cable fixed"}).status_code == 303


def test_another_sites_finding_and_an_unknown_one_look_the_same(as_, in_app):
    finding, stranger = in_app(raised), as_("tech2")
    theirs, unknown = stranger.get(f"/faults/{finding}"), stranger.get(f"/faults/{uuid.uuid4()}")
    assert theirs.status_code == unknown.status_code == 404
    assert str(finding) not in stranger.get("/faults").text


def test_the_page_leads_back_to_the_record_it_comes_from(as_, in_app):
    origin = uuid.uuid4()
    finding = in_app(lambda: raised(source=f"inspection:{origin}:lamp"))
    assert f'href="/inspections/{origin}#a-lamp"' in as_("office").get(f"/faults/{finding}").text


def test_times_are_those_of_the_findings_own_site(as_, in_app):
    def move():
        with transaction():
            site = db.session.scalars(select(Site).where(Site.code == "SG")).one()
            site.timezone = "UTC"

    in_app(move)
    finding = in_app(lambda: raised(reported_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC)))
    assert "Jan 5 09:30" in as_("tech").get(f"/faults/{finding}").text


def test_the_list_is_narrowed_and_says_when_nothing_fits(as_, in_app):
    office = as_("office")
    assert "No fault or hazard has been recorded" in office.get("/faults").text
    in_app(raised)
    in_app(lambda: raised("hazard"))
    month = utc_now().strftime("%Y-%m")
    assert office.get("/faults").text.count('class="row"') == 2
    assert "1 record<" in office.get("/faults?kind=hazard&state=open").text
    assert "2 records" in office.get(f"/faults?month={month}").text
    assert "Nothing fits" in office.get("/faults?state=closed").text
    assert "Nothing fits" in office.get("/faults?q=zebra").text
    for bad in ("month=november", "kind=wish", "state=maybe", "system=7", "page=x"):
        assert office.get(f"/faults?{bad}").status_code == 422


def test_long_lists_come_in_pages(as_, in_app):
    in_app(lambda: [raised() for _n in range(51)])
    first = as_("tech").get("/faults").text
    assert first.count('class="row"') == 50
    assert "page=2" in first
    assert as_("tech").get("/faults?page=99").text.count('class="row"') == 1


def test_list_and_page_take_a_fixed_number_of_queries(as_, in_app, queries):
    one = in_app(raised)
    tech = as_("tech")

    def counted(path: str) -> int:
        queries.clear()
        assert tech.get(path).status_code == 200
        return len(queries)

    before = (counted("/faults"), counted(f"/faults/{one}"))
    in_app(lambda: [raised() for _n in range(12)])
    assert (counted("/faults"), counted(f"/faults/{one}")) == before
    assert max(before) <= 12
