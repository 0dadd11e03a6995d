"""The label pages, as the office sees them."""

import pytest
from sqlalchemy import select

from tests.assets.paper import symbols_in, text_of
from webapp.assets.label_choice import valid_labels
from webapp.assets.label_sheets import SHEETS
from webapp.assets.models import Asset, Label, System
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.sites.models import Site

ASSET = "SG-2-01-001"


@pytest.fixture
def ids(app):
    """code → asset id, as text."""
    with app.app_context():
        return {code: str(asset_id) for code, asset_id in db.session.execute(select(Asset.code, Asset.id))}


def printed(app):
    with app.app_context():
        wanted = select(AuditEntry).where(AuditEntry.verb == Verb.LABELS_PRINTED).order_by(AuditEntry.id)
        return db.session.scalars(wanted).all()


@pytest.mark.parametrize(
    ("who", "status"), [("lead", 200), ("office", 200), ("admin", 200), ("tech", 403), ("supervisor", 403)]
)
def test_only_those_who_print_labels_see_the_page(as_, who, status):
    assert as_(who).get("/labels").status_code == status


def test_the_page_offers_the_whole_list_and_shows_the_first_sheet(as_, ids):
    page = as_("lead").get("/labels").text
    assert "125 labels" in page
    assert page.count('name="asset"') == 125
    assert page.count("<g transform") == 24
    assert ids["FT-1-01-001"] not in page


def test_the_page_sends_the_same_number_of_queries_for_one_label_and_for_all(as_, ids, queries):
    client = as_("lead")
    counts = []
    for address in ("/labels", f"/labels?of=asset:{ids[ASSET]}", "/labels?of=line:2"):
        client.get(address)
        queries.clear()
        assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 6


def test_labels_are_chosen_by_service_line_by_system_and_one_by_one(as_, app, ids):
    with app.app_context():
        system = db.session.scalars(select(System).join(Asset).where(Asset.code == ASSET)).one()
    client = as_("office")
    line = client.get("/labels?of=line:2").text
    assert "52 labels" not in client.get(f"/labels?of=system:{system.id}").text
    assert all(code in line for code in ("SG-2-01-001", "SG-P-VEHICLE"))
    assert "SG-1-01-001" not in line
    assert "1 label<" in client.get(f"/labels?of=asset:{ids[ASSET]}").text


@pytest.mark.parametrize("scope", ["line:9", "system:nonsense", "asset:", "all:of:it"])
def test_a_list_that_is_not_there_is_said_plainly(as_, scope):
    answer = as_("lead").get(f"/labels?of={scope}")
    assert answer.status_code == 404
    assert "There is no such list" in answer.text


def test_labels_of_another_command_centre_cannot_be_printed(as_, app, ids):
    client = as_("lead")
    form = {"asset": [ids[ASSET], ids["FT-1-01-001"]]}
    for address in ("/labels/sheet", "/labels/preview"):
        assert client.post(address, data=form).status_code == 404
    assert client.get(f"/labels?of=asset:{ids['FT-1-01-001']}").status_code == 404
    assert printed(app) == []


@pytest.mark.one_database
def test_picked_labels_become_a_pdf_and_are_written_to_the_log(as_, app, ids, tmp_path):
    codes = ["SG-2-01-001", "SG-1-01-002", "SG-3-01-001"]
    form = {"asset": [ids[code] for code in codes], "format": "a4-5x13", "start": "65", "copies": "one"}
    answer = as_("office").post("/labels/sheet", data=form)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert "no-store" in answer.headers["Cache-Control"]
    pdf = tmp_path / "labels.pdf"
    pdf.write_bytes(answer.data)
    assert "车载Ku动中通天线" in text_of(pdf)
    sheet = SHEETS["a4-5x13"]
    boxes = [(float(x), float(y), float(x) + 38.1, float(y) + 21.2) for x, y in map(sheet.corner, range(65))]
    first, second = symbols_in(pdf, [boxes, boxes], dpi=250)
    with app.app_context():
        site = db.session.scalars(select(Site).where(Site.code == "SG")).one()
        tokens = {str(asset_id): label.token for asset_id, label in valid_labels(site.id).items()}
    expected = [f"http://127.0.0.1:8000/a/{tokens[ids[code]]}" for code in sorted(codes)]
    assert first == [[]] * 64 + [[expected[0]]]
    assert second == [[expected[1]], [expected[2]], *[[]] * 63]
    entry = printed(app)[0]
    assert entry.facts == {"sheet": "a4-5x13", "labels": 3, "codes": sorted(codes)}


def test_the_preview_answers_htmx_with_one_element_and_a_plain_form_with_the_page(as_, ids):
    client, form = as_("lead"), {"asset": [ids[ASSET]], "format": "roll-60x40", "of": f"asset:{ids[ASSET]}"}
    fragment = client.post("/labels/preview", data=form, headers={"HX-Request": "true"})
    assert fragment.text.lstrip().startswith('<section id="preview"')
    assert 'viewBox="0 0 60 40"' in fragment.text
    page = client.post("/labels/preview", data=form).text
    assert "<!doctype html>" in page
    assert 'value="roll-60x40" checked' in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": "25"}, "This sheet has the cells 1 to 24."),
        ({"asset": []}, "Choose at least one device"),
        ({"format": "custom", "columns": "4"}, "the paper has 210 mm"),
        (
            {"format": "custom", "rows": "1", "columns": "1", "cell_width": "20", "cell_height": "12"},
            "phones need 0.3 mm",
        ),
    ],
)
def test_what_cannot_be_printed_says_why_in_place_of_the_preview_and_prints_nothing(as_, app, ids, change, message):
    client, form = as_("lead"), {"asset": [ids[ASSET]]} | change
    shown = client.post("/labels/preview", data=form, headers={"HX-Request": "true"})
    assert (shown.status_code, message in shown.text) == (422, True)
    refused = client.post("/labels/sheet", data=form)
    assert (refused.status_code, message in refused.text) == (422, True)
    assert printed(app) == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format", "a4-7x7", "There is no such kind of paper"),
        ("start", "two", "Give a whole number."),
        ("start", "0", "Give 1 to 400."),
        ("shift_x", "NaN", "Give a number such as 63.5."),
        ("shift_x", "10.01", "Give -10 to 10 mm."),
        ("cell_width", "1e99", "Give"),
        ("paper_width", "abc", "Give a number such as 63.5."),
        ("copies", "many", "Choose one of the two."),
        ("asset", "1", "Choose from the list."),
    ],
)
def test_bad_input_is_named_and_changes_nothing(as_, app, field, value, message):
    answer = as_("lead").post("/labels/sheet", data={"format": "custom", field: value})
    assert answer.status_code == 422
    assert message in answer.text
    assert printed(app) == []


@pytest.mark.one_database
def test_the_calibration_page_speaks_the_readers_language(as_, tmp_path):
    pdf = tmp_path / "calibration.pdf"
    pdf.write_bytes(as_("lead").post("/labels/calibration", data={"format": "a4-3x10"}).data)
    assert "Calibrationpage" in text_of(pdf)


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("admin", 200), ("office", 403), ("tech", 403), ("supervisor", 403), ("tech2", 403)],
)
def test_only_lead_and_admin_may_replace_a_label(as_, app, ids, who, status):
    client, address = as_(who), f"/labels/{ids[ASSET]}/replacement"
    assert client.get(address).status_code == status
    answer = client.post(address)
    assert answer.status_code == (303 if status == 200 else status)
    with app.app_context():
        count = len(db.session.scalars(select(Label).join(Asset).where(Asset.code == ASSET)).all())
    assert count == (2 if status == 200 else 1)


def test_a_replaced_label_is_void_and_the_next_step_is_to_print_the_new_one(as_, app, ids):
    client = as_("lead")
    answer = client.post(f"/labels/{ids[ASSET]}/replacement")
    page = client.get(answer.location).text
    assert "The old label is void" in page
    with app.app_context():
        old, new = db.session.scalars(
            select(Label).join(Asset).where(Asset.code == ASSET).order_by(Label.created_at)
        ).all()
        assert (old.replaced_at is None, new.replaced_at) == (False, None)
    assert new.short_code in page
    assert old.short_code not in page


def test_a_label_of_another_command_centre_is_not_there(as_, ids):
    assert as_("lead").post(f"/labels/{ids['FT-1-01-001']}/replacement").status_code == 404


@pytest.mark.one_database
def test_the_command_writes_the_labels_of_a_command_centre(app, tmp_path):
    pdf = tmp_path / "labels.pdf"
    run = app.test_cli_runner().invoke(args=["labels", "FT", "-o", str(pdf), "--format", "a4-5x13"])
    assert run.exit_code == 0, run.output
    assert "80 labels" in run.output
    assert "FT-1-01-001" in text_of(pdf)
    assert len(printed(app)) == 1


@pytest.mark.parametrize("args", [["XX"], ["SG", "--start", "25"], ["SG", "--of", "line:9"]])
def test_the_command_says_what_is_wrong_and_writes_nothing(app, tmp_path, args):
    pdf = tmp_path / "labels.pdf"
    run = app.test_cli_runner().invoke(args=["labels", *args, "-o", str(pdf)])
    assert run.exit_code == 1
    assert "Error" in run.output
    assert not pdf.exists()
