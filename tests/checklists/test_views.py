"""The pages of the checklists: who may what, with htmx and without, bad input named, a fixed number of queries."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from sqlalchemy import select

from tests.cast import SHAOGUAN
from webapp.assets.models import Asset
from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion
from webapp.extensions import db
from webapp.kit.transaction import transaction

HTMX = {"HX-Request": "true"}
FORM = {
    "zh": "新项目", "en": "Brand-new item", "kind": "pass_fail", "required": "true", "na_allowed": "true",
    "photo_required_on": "abnormal", "severity_if_failed": "general", "frequency": "monthly",
    "source": "common_practice",
}  # fmt: skip


@pytest.fixture
def ids(app):
    """key → id of the checklists."""
    with app.app_context():
        return {one.key: one.id for one in db.session.scalars(select(Checklist))}


@pytest.fixture
def ups(app):
    """A device whose limits may be set."""
    with app.app_context():
        return db.session.scalars(
            select(Asset.id).where(Asset.code.startswith("SG"), Asset.name.contains("不间断")).order_by(Asset.code)
        ).first()


@pytest.fixture
def lead(as_):
    return as_("lead")


@pytest.fixture
def draft(lead, ids):
    """The address of a fresh draft of the UPS checklist."""
    answer = lead.post(f"/checklists/{ids['ups']}/drafts")
    assert answer.status_code == 303
    return answer.location


def items_of(client, address: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="item-(\d+)"', client.get(address).text)]


def published_of(app, key: str) -> ChecklistVersion:
    with app.app_context():
        return db.session.scalars(
            select(ChecklistVersion).join(ChecklistVersion.checklist).where(Checklist.key == key)
        ).first()


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", SHAOGUAN)
def test_everybody_of_the_site_reads_the_checklists(as_, ids, who):
    client = as_(who)
    page = client.get("/checklists").text
    assert page.count('href="/checklists/') >= 47
    assert "41 checklists" in page
    assert "6 checklists" in page
    shown = client.get(f"/checklists/{ids['ups']}")
    assert "Input voltage" in shown.text
    assert ("Draft a new version" in shown.text) == (who == "lead")


def test_the_counts_are_those_of_the_own_site(as_):
    row = re.compile(r"LED wall and sending cards</b><small>([^<]*)<")
    assert "no asset here" in row.search(as_("tech").get("/checklists").text)[1]
    assert "asset" in row.search(as_("tech2").get("/checklists").text)[1]
    assert "no asset" not in row.search(as_("tech2").get("/checklists").text)[1]


@pytest.mark.parametrize(
    ("text", "found"), [("portable generator", 1), ("PORTABLE gen", 1), ("天通", 1), ("zzzz", 0), ("", 47)]
)
def test_search_finds_names_and_items_in_both_languages(as_, text, found):
    client = as_("tech")
    page = client.get("/checklists", query_string={"q": text}).text
    fragment = client.get("/checklists", query_string={"q": text}, headers=HTMX).text
    for html in (page, fragment):
        assert html.count('class="row" href="/checklists/') == found
    assert fragment.startswith('<div id="checklists"')
    assert ("Show all" in page) == (found == 0)


def test_a_checklist_shows_limits_references_assets_and_versions(as_, ids):
    page = as_("tech").get(f"/checklists/{ids['ups']}").text
    assert "198–235.4 V" in page
    assert "Power and batteries" in page
    assert "2 assets of 韶关" in page
    assert "counts today" in page
    assert "/checklists/limits/" in page
    antenna = as_("tech").get(f"/checklists/{ids['satellite_antenna_otm']}").text
    assert "Stop work if it fails" in antenna
    assert "“not applicable” is not allowed" in antenna


def test_what_is_not_there_is_not_found(as_, ids, draft, app):
    client = as_("tech")
    other = published_of(app, "buc").id
    nowhere = uuid.uuid4()
    assert client.get(f"/checklists/{nowhere}").status_code == 404
    for wrong in (nowhere, other, "x", "5"):
        assert client.get(f"/checklists/{ids['ups']}?version={wrong}").status_code == 404
    drafted = draft.rpartition("/")[2]
    assert client.get(f"/checklists/{ids['ups']}?version={drafted}").status_code == 200
    assert as_("tech2").get(f"/checklists/{ids['ups']}?version={drafted}").status_code == 404


# --- drafting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["tech", "supervisor", "office", "admin", "tech2"])
def test_only_the_lead_drafts(as_, lead, ids, draft, who):
    client = as_(who)
    first = items_of(lead, draft)[0]
    assert client.post(f"/checklists/{ids['buc']}/drafts").status_code == 403
    for path in ("", "/difference", "/items/new", f"/items/{first}"):
        assert client.get(draft + path).status_code == 403
    for path in ("/items", f"/items/{first}", f"/items/{first}/move", f"/items/{first}/removal"):
        assert client.post(draft + path, data={**FORM, "step": "1"}).status_code == 403
    for path in ("/publication", "/removal"):
        assert client.post(draft + path, data={"reason": "x"}).status_code == 403


def test_another_sites_lead_does_not_see_the_draft(as_, app, draft):
    from webapp.people.models import Person
    from webapp.sites.models import Membership, Site

    with app.app_context(), transaction():
        other = db.session.scalars(select(Person).where(Person.username == "tech2")).one()
        site = db.session.scalars(select(Site).where(Site.code == "FT")).one()
        db.session.add(Membership(person_id=other.id, site_id=site.id, role="lead"))
    client = as_("tech2")
    assert client.get("/checklists/import").status_code == 200
    assert client.get(draft).status_code == 404
    assert client.post(f"{draft}/publication", data={"reason": "x"}).status_code == 404


def test_the_lead_drafts_and_publishes_without_javascript(lead, ids, draft, as_):
    first, second, third = items_of(lead, draft)[:3]
    assert "Nothing differs yet" in lead.get(draft).text
    edited = lead.post(f"{draft}/items/{first}", data={**FORM, "key": "anything"})
    assert (edited.status_code, edited.location) == (303, f"{draft}#item-{first}")
    added = lead.post(f"{draft}/items", data=FORM)
    assert added.status_code == 303
    assert lead.post(f"{draft}/items/{second}/move", data={"step": "1"}).status_code == 303
    assert lead.post(f"{draft}/items/{third}/removal").status_code == 303
    page = lead.get(draft).text
    for said in ("added", "removed", "changed", "Brand-new item", "Text (Chinese)"):
        assert said in page
    assert items_of(lead, draft)[:2] == [first, second]
    published = lead.post(f"{draft}/publication", data={"reason": "New rule of the maker"})
    assert (published.status_code, published.location) == (303, f"/checklists/{ids['ups']}")
    shown = lead.get(published.location).text
    assert "Version 2" in shown
    assert "New rule of the maker" in shown
    assert "only 韶关" in shown
    assert "Brand-new item" in shown
    elsewhere = as_("tech2").get(published.location).text
    assert "Brand-new item" not in elsewhere
    assert "New rule" not in elsewhere


def test_with_htmx_one_item_is_one_fragment(lead, draft):
    first, second = items_of(lead, draft)[:2]
    form = lead.get(f"{draft}/items/{first}", headers=HTMX).text
    assert form.startswith(f'<li id="item-{first}"')
    assert 'name="zh"' in form
    closed = lead.get(f"{draft}/items/{first}?closed=1", headers=HTMX).text
    assert closed.startswith(f'<li id="item-{first}"')
    assert 'name="zh"' not in closed
    saved = lead.post(f"{draft}/items/{first}", data=FORM, headers=HTMX)
    assert saved.status_code == 200
    assert saved.text.startswith(f'<li id="item-{first}"')
    assert "Brand-new item" in saved.text
    assert "changed" in saved.text
    assert "#difference" in saved.headers["HX-Trigger"]
    moved = lead.post(f"{draft}/items/{second}/move", data={"step": "-1"}, headers=HTMX)
    assert moved.text.startswith('<section class="card flat" id="items"')
    assert moved.text.index(f'id="item-{second}"') < moved.text.index(f'id="item-{first}"')
    removed = lead.post(f"{draft}/items/{second}/removal", headers=HTMX)
    assert f'id="item-{second}"' not in removed.text
    found = lead.get(f"{draft}/difference", headers=HTMX).text
    assert found.startswith('<section class="card" id="difference"')
    assert "removed" in found


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zh": ""}, "Write 1 to 200 characters."),
        ({"kind": "number", "min": "5", "max": "4"}, "The lower limit is above the upper one."),
        ({"kind": "number", "min": "abc"}, "“abc” is not a number."),
        ({"kind": "number", "max_drop": "-1"}, "Give 0 or more"),
        ({"kind": "number", "max_drop": "-1", "max_drop_in": "percent"}, "Give 0 or more"),
        ({"kind": "choice", "option0_zh": "好"}, "Give at least two options."),
        ({"kind": "slider"}, "Choose one of: pass_fail,"),
        ({"zh": "长" * 201}, "Write 1 to 200 characters."),
    ],
)
def test_a_bad_item_is_named_and_what_was_typed_stays(lead, draft, app, fields, said):
    first = items_of(lead, draft)[0]
    for path in (f"/items/{first}", "/items"):
        for headers in ({}, HTMX):
            answer = lead.post(draft + path, data={**FORM, "en": "What I typed", **fields}, headers=headers)
            assert answer.status_code == 422
            assert said in answer.text
            assert 'value="What I typed"' in answer.text
            assert 'data-s="abnormal"' in answer.text
    assert "Nothing differs yet" in lead.get(draft).text


def test_an_item_of_another_version_is_not_reached(lead, draft, app):
    with app.app_context():
        other = db.session.scalars(select(CheckItem.id).where(CheckItem.version_id == published_of(app, "ups").id))
        stranger = other.first()
    assert lead.get(f"{draft}/items/{stranger}").status_code == 404
    for path, form in (("", FORM), ("/move", {"step": "1"}), ("/removal", {})):
        assert lead.post(f"{draft}/items/{stranger}{path}", data=form).status_code == 404
    for step in ("0", "5", "x", ""):
        first = items_of(lead, draft)[0]
        assert lead.post(f"{draft}/items/{first}/move", data={"step": step}).status_code == 422


def test_a_published_version_is_never_changed(lead, draft, ids, app):
    first, second = items_of(lead, draft)[:2]
    lead.post(f"{draft}/items/{second}/removal")
    lead.post(f"{draft}/publication", data={"reason": "x"})
    general = f"/checklists/drafts/{published_of(app, 'ups').id}"
    before = lead.get(f"/checklists/{ids['ups']}").text
    for address, status in ((draft, 409), (general, 404)):
        assert lead.get(address).status_code == status
        for path in ("/items", f"/items/{first}", f"/items/{first}/move", f"/items/{first}/removal"):
            assert lead.post(address + path, data={**FORM, "step": "1"}).status_code == status
        for path in ("/publication", "/removal"):
            assert lead.post(address + path, data={"reason": "y"}).status_code == status
    assert lead.get(f"/checklists/{ids['ups']}").text == before


def test_publishing_asks_for_reason_and_difference(lead, draft):
    answer = lead.post(f"{draft}/publication", data={"reason": "no change"})
    assert answer.status_code == 409
    assert "does not differ" in answer.text
    assert "no change</textarea>" in answer.text
    first = items_of(lead, draft)[0]
    lead.post(f"{draft}/items/{first}/removal")
    answer = lead.post(f"{draft}/publication", data={"reason": "  "})
    assert answer.status_code == 422
    assert "Say why" in answer.text


def test_a_discarded_draft_leaves_nothing(lead, draft, ids):
    assert lead.post(f"{draft}/removal").location == f"/checklists/{ids['ups']}"
    assert lead.get(draft).status_code == 404
    assert "Draft a new version" in lead.get(f"/checklists/{ids['ups']}").text


# --- files ----------------------------------------------------------------------------------------------------------


def sent(data: bytes, name: str = "lists.yaml") -> dict:
    return {"file": (io.BytesIO(data), name)}


def test_the_file_goes_out_and_comes_back(as_, lead):
    answer = lead.get("/checklists/export")
    assert answer.status_code == 200
    assert "checklists-SG.yaml" in answer.headers["Content-Disposition"]
    same = lead.post("/checklists/import", data=sent(answer.data))
    assert "Nothing was changed." in same.text
    changed = answer.data.replace("加电发射前".encode(), "发射前".encode(), 1)
    made = lead.post("/checklists/import", data=sent(changed)).text
    assert "1 draft made." in made
    again = lead.post("/checklists/import", data=sent(changed))
    assert again.status_code == 409
    assert "Publish or discard it first" in again.text
    for who in ("tech", "admin"):
        assert as_(who).get("/checklists/export").status_code == 403
    for who in ("tech", "supervisor", "office", "admin"):
        assert as_(who).get("/checklists/import").status_code == 403
        assert as_(who).post("/checklists/import", data=sent(changed)).status_code == 403
    assert as_("office").get("/checklists/export").status_code == 200


def test_mistakes_of_a_file_are_named_and_nothing_is_changed(lead, ids):
    data = lead.get("/checklists/export").data
    bad = data.replace(b"kind: pass_fail", b"kind: slider", 1)
    answer = lead.post("/checklists/import", data=sent(bad))
    assert answer.status_code == 422
    assert "satellite_antenna_otm / tx_safety / kind" in answer.text
    assert lead.post("/checklists/import", data=sent(b"a: &a 1\nb: *a")).status_code == 422
    assert lead.post("/checklists/import", data={}).status_code == 422
    assert "Go on with the draft" not in lead.get(f"/checklists/{ids['satellite_antenna_otm']}").text


# --- limits ---------------------------------------------------------------------------------------------------------


def test_the_lead_sets_limits_of_a_device(lead, as_, ups):
    address = f"/checklists/limits/{ups}"
    answer = lead.post(address, data={"item": "vin", "minimum": "１９０", "maximum": "250", "reason": "Nameplate"})
    assert (answer.status_code, answer.location) == (303, f"{address}#item-vin")
    page = as_("tech").get(address).text
    assert "190–250 V" in page
    assert "Nameplate" in page
    assert "Set the limits" not in page
    back = lead.post(address, data={"item": "vin", "minimum": "", "maximum": "", "reason": "Other device"})
    assert back.status_code == 303
    assert "190–250 V" not in lead.get(address).text.partition("History")[0]


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"item": "vin", "minimum": "abc", "reason": "x"}, 422, "“abc” is not a number."),
        (
            {"item": "vin", "minimum": "9", "maximum": "8", "reason": "x"},
            422,
            "The lower limit is above the upper one.",
        ),
        ({"item": "vin", "minimum": "9"}, 422, "Say why"),
        ({"item": "vin", "reason": "x"}, 409, "hold already"),
        ({"item": "batt_v", "minimum": "9", "reason": "x"}, 409, "fixed by the checklist"),
        ({"item": "nothing", "minimum": "9", "reason": "x"}, 404, "no such item"),
        ({"minimum": "9", "reason": "x"}, 422, "This is missing."),
    ],
)
def test_bad_limits_are_named_and_what_was_typed_stays(lead, ups, form, status, said):
    answer = lead.post(f"/checklists/limits/{ups}", data=form)
    assert answer.status_code == status
    assert said in answer.text
    if form.get("item") == "vin" and "minimum" in form:
        assert f'value="{form["minimum"]}"' in answer.text
    assert "History" not in lead.get(f"/checklists/limits/{ups}").text


def test_limits_belong_to_the_site(as_, lead, ups):
    form = {"item": "vin", "minimum": "190", "reason": "x"}
    assert as_("tech2").get(f"/checklists/limits/{ups}").status_code == 404
    assert as_("tech").post(f"/checklists/limits/{ups}", data=form).status_code == 403
    assert lead.get(f"/checklists/limits/{uuid.uuid4()}").status_code == 404
    assert lead.post(f"/checklists/limits/{uuid.uuid4()}", data=form).status_code == 404


def test_a_device_without_numbers_says_so(lead, app):
    with app.app_context():
        bracket = db.session.scalars(
            select(Asset.id).where(Asset.code.startswith("SG"), Asset.name.endswith("支架"))
        ).first()
    assert "no numbers to read" in lead.get(f"/checklists/limits/{bracket}").text


# --- queries --------------------------------------------------------------------------------------------------------


def test_each_page_sends_a_fixed_number_of_queries(lead, as_, ids, draft, ups, queries, app):
    def count(address: str) -> int:
        queries.clear()
        assert lead.get(address).status_code == 200
        return len(queries)

    pages = ["/checklists", f"/checklists/{ids['ups']}", draft, f"/checklists/limits/{ups}"]
    few = [count(address) for address in pages]
    assert max(few) <= 12
    assert count(f"/checklists/{ids['microphone']}") == few[1]
    with app.app_context(), transaction():
        pattern = db.session.get(Asset, ups)
        for number in range(30):
            db.session.add(
                Asset(
                    site_id=pattern.site_id, system_id=pattern.system_id, code=f"SG-X-{number}", position=900 + number,
                    kind="device", name=pattern.name, created_at=pattern.created_at,
                )
            )  # fmt: skip
    for number in range(12):
        lead.post(f"{draft}/items", data=FORM)
        limits = {"item": "vin", "minimum": str(number), "reason": "x"}
        assert lead.post(f"/checklists/limits/{ups}", data=limits).status_code == 303
    # the history names who set the limits: one query more than without a history
    assert [count(address) for address in pages] == [*few[:3], few[3] + (few[3] < count(pages[3]))]
    assert "32 assets" in lead.get(pages[1]).text
