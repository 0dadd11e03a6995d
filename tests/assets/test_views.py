"""The equipment list as people see it: search, forms, lists in and out; who may and who may not."""

import io

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.assets.models import Asset
from webapp.audit.models import AuditEntry
from webapp.extensions import db

HTMX = {"HX-Request": "true"}
HEAD = "code,section,system,number,name,quantity,keeper\n"
GOOD = f"{HEAD}SG-9-001,现场指挥部,备件,1,备用对讲机,4,张伟\n"


@pytest.fixture
def coded(app):
    """`coded("SG-2-01-001")`: that asset as it is stored now, with its system."""

    def find(code: str) -> Asset:
        with app.app_context():
            wanted = select(Asset).options(joinedload(Asset.system)).where(Asset.code == code)
            return db.session.scalars(wanted).one()

    return find


@pytest.fixture
def count(app):
    """`count(AuditEntry.verb == "asset.added")`: how many rows there are."""

    def find(*conditions) -> int:
        with app.app_context():
            return db.session.scalar(select(func.count()).where(*conditions))

    return find


def form_of(asset: Asset, **changes: str) -> dict[str, str]:
    """What a browser sends when this asset's form is saved."""
    names = ("code", "kind", "name", "maker", "model", "unit", "printed_number", "location", "location_en", "keeper")
    form = {name: getattr(asset, name) for name in (*names, "supplier", "status")}
    place = {"service_line": str(asset.system.service_line_id), "system": asset.system.name}
    return form | place | {"quantity": str(asset.quantity or "")} | changes


def upload(text, name="list.csv", **more):
    data = text if isinstance(text, bytes) else text.encode()
    return {"file": (io.BytesIO(data), name), **more}


def ticket_in(answer) -> str:
    return answer.text.split('name="ticket" value="')[1].split('"')[0]


def test_the_list_leads_to_each_asset_fifty_to_a_page(as_, coded):
    client = as_("tech")
    page = client.get("/assets").text
    assert "125 assets" in page
    assert f'href="/assets/{coded("SG-1-01-001").id}"' in page
    assert page.count('<a class="row"') == 50
    assert client.get("/assets?page=3").text.count('<a class="row"') == 25
    assert client.get("/assets?page=99").text.count('<a class="row"') == 25


def test_search_works_as_page_and_as_fragment(as_):
    client = as_("tech")
    page = client.get("/assets?q=动中通天线")
    fragment = client.get("/assets?q=动中通天线", headers=HTMX)
    assert "<!doctype html>" in page.text
    assert fragment.text.lstrip().startswith('<div id="found"')
    for answer in (page, fragment):
        assert "车载Ku动中通天线" in answer.text
        assert "1 asset<" in answer.text.replace("\n", "")


def test_an_empty_search_says_so_and_offers_a_way_out(as_):
    answer = as_("tech").get("/assets?q=没有的东西")
    assert "Nothing fits this search." in answer.text
    assert 'href="/assets"' in answer.text


@pytest.mark.parametrize(
    "query", ["where=x", "where=999999999", "page=0", "status=broken", "kind=plane", "q=" + "长" * 81]
)
def test_nonsense_in_the_address_is_answered_and_not_a_crash(as_, query):
    assert as_("tech").get(f"/assets?{query}").status_code in (200, 422)


def test_nobody_sees_the_list_of_another_command_centre(as_):
    page = as_("tech2").get("/assets?q=动中通").text
    assert "0 assets" in page
    assert "SG-" not in page


def test_the_list_takes_the_same_queries_for_one_and_for_fifty_rows(as_, queries):
    client = as_("tech")
    counts = []
    for address in ("/assets?q=SG-2-01-001", "/assets", "/assets?q=设备"):
        queries.clear()
        client.get(address)
        counts.append(len([sent for sent in queries if sent.startswith("SELECT")]))
    assert len(set(counts)) == 1
    assert counts[0] <= 6


@pytest.mark.parametrize("path", ["/assets/new", "/assets/import", "/assets/import/empty-list.xlsx"])
def test_only_lead_and_admin_change_the_list(as_, path):
    allowed = {name: as_(name).get(path).status_code for name in ("lead", "admin", "tech", "supervisor", "office")}
    assert allowed == {"lead": 200, "admin": 200, "tech": 403, "supervisor": 403, "office": 403}


def test_a_technician_sees_no_buttons_for_it(as_):
    assert "/assets/new" not in as_("tech").get("/assets").text
    assert "/assets/new" in as_("lead").get("/assets").text


def test_the_form_of_an_asset_changes_it_and_leads_to_its_page(as_, coded):
    asset = coded("SG-2-01-001")
    lead = as_("lead")
    assert 'value="车载Ku动中通天线"' in lead.get(f"/assets/{asset.id}/edit").text
    form = form_of(asset, location="车顶", status="standby", is_outside_contract="yes", service_from="2026-07-01")
    answer = lead.post(f"/assets/{asset.id}/edit", data=form)
    assert (answer.status_code, answer.location) == (303, f"/assets/{asset.id}")
    changed = coded("SG-2-01-001")
    assert (changed.location, changed.status, changed.is_outside_contract) == ("车顶", "standby", True)
    assert str(changed.service_from) == "2026-07-01"
    assert changed.raw  # what is not in the form stays


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"code": ""}, "code"),
        ({"code": "SG-2-01-002"}, "code"),
        ({"keeper": ""}, "keeper"),
        ({"quantity": "zwei"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"kind": "plane"}, "kind"),
        ({"status": "broken"}, "status"),
        ({"service_from": "2026-02-30"}, "service_from"),
        ({"service_from": "2026-07-02", "service_to": "2026-07-01"}, "service_to"),
        ({"photo_rule": "x"}, "photo_rule"),
        ({"category": "a b"}, "category"),
        ({"model": "x" * 121}, "model"),
        ({"system": ""}, "system"),
        ({"service_line": "00000000-0000-0000-0000-000000000000"}, "service_line"),
    ],
)
def test_a_wrong_value_is_shown_at_its_field_and_changes_nothing(as_, coded, changes, field):
    asset = coded("SG-2-01-001")
    form = form_of(asset) | {"location": "anders"} | changes
    answer = as_("lead").post(f"/assets/{asset.id}/edit", data=form)
    assert answer.status_code == 422
    assert f'id="h-{field}" data-s="abnormal"' in answer.text
    assert 'value="anders"' in answer.text
    assert coded("SG-2-01-001").location == "移动卫星应急指挥车"


def test_another_sites_asset_is_not_there_and_a_technician_may_not(as_, coded):
    futian, shaoguan = coded("FT-1-01-001"), coded("SG-2-01-001")
    for method in ("get", "post"):
        assert getattr(as_("lead"), method)(f"/assets/{futian.id}/edit", data=form_of(futian)).status_code == 404
        assert getattr(as_("tech"), method)(f"/assets/{shaoguan.id}/edit", data=form_of(shaoguan)).status_code == 403


def test_a_new_asset_may_bring_a_new_system(as_, coded):
    form = form_of(coded("SG-3-01-001"), code="SG-9-001", name="备用电台", system="备件")
    answer = as_("lead").post("/assets/new", data=form)
    assert (answer.status_code, answer.location) == (303, f"/assets/{coded('SG-9-001').id}")
    again = as_("lead").post("/assets/new", data=form)
    assert again.status_code == 422
    assert "has this code already" in again.text


def test_preview_then_confirmation_imports_what_was_seen(as_, coded, count):
    lead = as_("lead")
    preview = lead.post("/assets/import", data=upload(GOOD))
    assert preview.status_code == 200
    assert "Import 1 row" in preview.text
    assert count(Asset.code == "SG-9-001") == 0
    answer = lead.post("/assets/import/confirmation", data={"ticket": ticket_in(preview)})
    assert (answer.status_code, answer.location) == (303, "/assets?added=1&changed=0")
    assert coded("SG-9-001").keeper == "张伟"
    assert "1 new, 0 changed" in lead.get(answer.location).text
    twice = lead.post("/assets/import/confirmation", data={"ticket": ticket_in(preview)})
    assert twice.status_code == 303
    assert count(AuditEntry.verb == "assets.imported", AuditEntry.person_id.is_not(None)) == 1


def test_a_confirmation_is_only_good_for_who_looked_and_while_nothing_changed(as_, coded):
    lead = as_("lead")
    ticket = ticket_in(lead.post("/assets/import", data=upload("code,name\nSG-2-01-001,甲\n")))
    address = "/assets/import/confirmation"
    assert as_("admin").post(address, data={"ticket": ticket}).status_code == 409
    assert as_("tech").post(address, data={"ticket": ticket}).status_code == 403
    assert lead.post(address, data={"ticket": ticket[:-2] + "xx"}).status_code == 409
    assert lead.post(address, data={}).status_code == 422
    asset = coded("SG-2-01-001")
    lead.post(f"/assets/{asset.id}/edit", data=form_of(asset, name="乙"))
    assert lead.post(address, data={"ticket": ticket}).status_code == 409
    assert coded("SG-2-01-001").name == "乙"


def test_every_mistake_of_a_list_is_shown_and_nothing_can_be_confirmed(as_):
    text = f"{GOOD}SG-9-002,现场指挥部,备件,2,,零,张伟\nSG-9-001,哪里,备件,3,丙,1,张伟\n"
    answer = as_("lead").post("/assets/import", data=upload(text.encode("gb18030")))
    assert answer.status_code == 422
    assert "4 mistakes in the list." in answer.text
    for told in ("line 3", "line 4", "quantity", "“零”", "“哪里”", "“SG-9-001”"):
        assert told in answer.text
    assert 'name="ticket"' not in answer.text


@pytest.mark.parametrize("data", [{}, {"file": (io.BytesIO(b""), "")}, {"file": "text instead of a file"}])
def test_no_file_is_said_plainly(as_, data):
    answer = as_("lead").post("/assets/import", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Please choose a file." in answer.text


def test_a_file_that_is_no_list_is_said_plainly(as_):
    answer = as_("lead").post("/assets/import", data=upload(b"\xff\xd8\xff\xe0 photo \x00", "photo.csv"))
    assert answer.status_code == 422
    assert "photo.csv" in answer.text


def test_the_keeper_of_the_form_stands_in_where_the_list_names_nobody(as_, coded):
    lead = as_("lead")
    text = "code,section,system,name\nSG-9-001,现场指挥部,备件,电台\n"
    assert lead.post("/assets/import", data=upload(text)).status_code == 422
    preview = lead.post("/assets/import", data=upload(text, keeper="李建国"))
    lead.post("/assets/import/confirmation", data={"ticket": ticket_in(preview)})
    assert coded("SG-9-001").keeper == "李建国"


@pytest.mark.parametrize(("kind", "start"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_the_list_goes_out_to_who_may_and_that_is_logged(as_, count, kind, start):
    allowed = {}
    for name in ("lead", "admin", "supervisor", "office", "tech"):
        answer = as_(name).get(f"/assets/export?format={kind}")
        allowed[name] = answer.status_code
        if answer.status_code == 200:
            assert answer.data.startswith(start)
            assert "no-store" in answer.headers["Cache-Control"]
    assert allowed == {"lead": 200, "admin": 200, "supervisor": 200, "office": 200, "tech": 403}
    assert count(AuditEntry.verb == "assets.exported") == 4
    assert "/assets/export" not in as_("tech").get("/assets").text


def test_an_exported_list_imports_without_a_change(as_):
    lead = as_("lead", "zh")
    data = lead.get("/assets/export?format=xlsx").data
    answer = lead.post("/assets/import", data=upload(data, "list.xlsx"))
    assert answer.status_code == 200
    assert 'name="ticket"' not in answer.text
    assert '<span class="big">125</span>' in answer.text


def test_the_empty_list_to_fill_in_has_the_headings(as_):
    lead = as_("lead", "zh")
    answer = lead.post("/assets/import", data=upload(lead.get("/assets/import/empty-list.xlsx").data, "x.xlsx"))
    assert answer.status_code == 200
    assert 'name="ticket"' not in answer.text
