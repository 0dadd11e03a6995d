"""Label sheets as they come out of a printer: every symbol is read by zbar, every text by poppler."""

import time
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.assets.paper import fonts_of, page_sizes, symbols_in, text_of, words_of
from webapp.assets.label_choice import assets_in, texts_for
from webapp.assets.label_schemas import LabelsSchema
from webapp.assets.label_sheets import SHEETS
from webapp.assets.labels import (
    MOST_LABELS,
    calibration_pdf,
    labels_pdf,
    page_count,
    pages,
    repeated,
    sheet_for,
)
from webapp.extensions import db
from webapp.kit.problems import Invalid
from webapp.sites.models import Site

OTHERS = [key for key in SHEETS if key != "a4-3x8"]


def texts_of_all_sites():
    sites = db.session.scalars(select(Site).order_by(Site.code)).all()
    return [text for site in sites for text in texts_for(site, assets_in(site.id), per_unit=False)]


def cell_boxes(sheet):
    return [(float(x), float(y), float(x + sheet.cell_width), float(y + sheet.cell_height)) for x, y in corners(sheet)]


def corners(sheet):
    return [sheet.corner(index) for index in range(sheet.cells)]


def assert_all_read(pdf, texts, sheet, start=1, dpi=200):
    """Each cell of each page holds the symbol of its own device, and free cells hold none."""
    cells = [[]] * (start - 1) + [[text.address] for text in texts]
    cells += [[]] * (-len(cells) % sheet.cells)
    expected = [cells[first : first + sheet.cells] for first in range(0, len(cells), sheet.cells)]
    assert symbols_in(pdf, [cell_boxes(sheet)] * len(expected), dpi) == expected


def assert_all_inside(pdf, sheet):
    """No word leaves its cell."""
    for word in words_of(pdf):
        middle_x, middle_y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
        left, top, right, bottom = next(
            box for box in cell_boxes(sheet) if box[0] <= middle_x < box[2] and box[1] <= middle_y < box[3]
        )
        assert left <= word.left, word
        assert word.right <= right - float(sheet.inset_x) + 0.2, word
        assert top - 0.5 <= word.top, word  # poppler gives the height of the line, not of the letters
        assert word.bottom <= bottom + 0.5, word


@pytest.mark.one_database
def test_all_205_labels_of_both_sites_are_read_and_lead_to_their_device(context, tmp_path):
    texts, sheet = texts_of_all_sites(), SHEETS["a4-3x8"]
    assert len(texts) == 205
    pdf = tmp_path / "labels.pdf"
    pdf.write_bytes(labels_pdf(texts, sheet))
    assert_all_read(pdf, texts, sheet)
    assert_all_inside(pdf, sheet)
    assert page_sizes(pdf) == {(210, 297)}
    printed = text_of(pdf)
    for text in texts:
        assert text.short_code in printed
        assert "".join(text.name.split()) in printed
    fonts = fonts_of(pdf)
    assert fonts
    assert all(columns[-5:-2] == ["yes", "yes", "yes"] for columns in fonts), fonts  # embedded, subset, unicode


@pytest.mark.one_database
@pytest.mark.parametrize("key", OTHERS)
def test_each_other_kind_of_paper_is_read_as_well(context, tmp_path, key):
    sheet = SHEETS[key]
    texts = texts_of_all_sites()[::7][: 3 if sheet.is_roll else 30]
    texts.sort(key=lambda text: -len(text.name))
    pdf = tmp_path / "labels.pdf"
    start = min(4, sheet.cells)
    pdf.write_bytes(labels_pdf(texts, sheet, start))
    assert_all_read(pdf, texts, sheet, start, dpi=250)
    assert_all_inside(pdf, sheet)
    assert page_sizes(pdf) == {(int(sheet.paper_width), int(sheet.paper_height))}


@pytest.mark.one_database
def test_a_sheet_measured_by_hand_is_printed_where_it_was_measured(context, tmp_path):
    form = {"format": "custom", "paper_width": "100", "paper_height": "80", "columns": "2", "rows": "2"}
    form |= {
        "cell_width": "45",
        "cell_height": "36",
        "margin_left": "3",
        "margin_top": "2",
        "gap_x": "4",
        "gap_y": "1.5",
    }
    sheet = sheet_for(LabelsSchema().load(form | {"shift_x": "0.5", "shift_y": "-1"}))
    texts = texts_of_all_sites()[:6]
    pdf = tmp_path / "labels.pdf"
    pdf.write_bytes(labels_pdf(texts, sheet, 2))
    assert sheet.corner(3) == (Decimal("52.50"), Decimal("38.50"))
    assert_all_read(pdf, texts, sheet, 2, dpi=250)
    assert page_sizes(pdf) == {(100, 80)}


@pytest.mark.one_database
@pytest.mark.parametrize("key", SHEETS)
def test_the_calibration_page_is_one_page_of_the_size_of_the_paper(context, tmp_path, key):
    sheet = SHEETS[key]
    pdf = tmp_path / "calibration.pdf"
    pdf.write_bytes(calibration_pdf(sheet))
    assert page_sizes(pdf) == {(int(sheet.paper_width), int(sheet.paper_height))}
    words = {word.text for word in words_of(pdf)}
    assert {"10", "20"} <= words
    assert {word.page for word in words_of(pdf)} == {0}


@pytest.mark.one_database
def test_the_ruler_of_the_calibration_page_measures_millimetres(context, tmp_path):
    pdf = tmp_path / "calibration.pdf"
    pdf.write_bytes(calibration_pdf(SHEETS["a4-3x8"]))
    middles = {word.text: (word.left + word.right) / 2 for word in words_of(pdf) if word.top < 42}
    assert middles["100"] - middles["20"] == pytest.approx(80, abs=0.3)


def test_the_first_label_takes_the_first_free_cell_and_the_rest_follow(context):
    texts, sheet = texts_of_all_sites()[:26], SHEETS["a4-3x8"]
    made = pages(texts, sheet, 23)
    assert [len(page) for page in made] == [2, 24]
    assert (made[0][0].x, made[0][0].y) == sheet.corner(22)
    assert (made[1][0].x, made[1][0].y) == sheet.corner(0)
    assert page_count(26, sheet, 23) == 2
    assert pages(texts, sheet, 23, only_first=True) == made[:1]


@pytest.mark.parametrize(
    ("labels", "start", "needed"), [(0, 1, 0), (1, 1, 1), (24, 1, 1), (25, 1, 2), (24, 2, 2), (1, 24, 1)]
)
def test_pages_are_counted_from_the_first_free_cell(labels, start, needed):
    assert page_count(labels, SHEETS["a4-3x8"], start) == needed


def test_a_row_of_several_units_gets_one_label_or_one_per_unit(context):
    site = db.session.scalars(select(Site).where(Site.code == "SG")).one()
    assets = assets_in(site.id)
    several = next(asset for asset in assets if asset.units > 1)
    assert repeated([several], per_unit=False) == [several]
    assert repeated([several], per_unit=True) == [several] * several.units
    assert len(texts_for(site, [several], per_unit=True)) == several.units


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": 25}, "start"),
        ({"start": 0}, "start"),
        ({"texts": []}, "asset"),
        ({"texts": 1 + MOST_LABELS}, None),
    ],
)
def test_what_cannot_be_printed_is_refused_with_its_field(context, change, field):
    texts = texts_of_all_sites()[:1]
    if "texts" in change:
        texts = texts * change["texts"] if change["texts"] else []
    with pytest.raises(Invalid) as refused:
        pages(texts, SHEETS["a4-3x8"], change.get("start", 1))
    assert field is None or field in refused.value.fields


def test_cells_too_small_for_a_phone_are_refused_with_both_figures(context):
    form = {"format": "custom", "cell_width": "30", "cell_height": "12", "columns": "1", "rows": "1"}
    with pytest.raises(Invalid, match=r"0\.18.*0\.3"):
        pages(texts_of_all_sites()[:1], sheet_for(LabelsSchema().load(form)))


@pytest.mark.one_database
def test_five_hundred_labels_are_drawn_while_one_waits(context, tmp_path):
    texts = (texts_of_all_sites() * 3)[:500]
    began = time.process_time()
    pdf = tmp_path / "labels.pdf"
    pdf.write_bytes(labels_pdf(texts, SHEETS["a4-3x8"]))
    print(f"500 labels: {time.process_time() - began:.1f} s of one processor, {pdf.stat().st_size / 1e6:.1f} MB")
    assert page_count(500, SHEETS["a4-3x8"]) == 21
    assert {word.page for word in words_of(pdf)} == set(range(21))
