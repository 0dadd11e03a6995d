"""Pictures drawn on the server: they parse, they say what they show, and symbols decode."""

import io
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from pyzbar.pyzbar import decode

from webapp.kit.charts import bars, gauge, ticks, trend
from webapp.kit.qr import QUIET_ZONE, qr_path, qr_svg

numbers = st.decimals(min_value=-10_000, max_value=10_000, places=2)


@given(st.lists(numbers, min_size=1, max_size=12), st.none() | numbers, st.none() | numbers)
def test_any_readings_give_a_picture_inside_its_frame(app_once, values, low, high):
    with app_once.test_request_context():
        svg = trend([(str(i), v) for i, v in enumerate(values)], low=low, high=high, label="AGC <dB>")
    root = ET.fromstring(str(svg))
    marks = [element for element in root if element.get("class") in ("c-dot", "c-bad")]
    assert len(marks) == len(values)
    for dot in root.iter("circle"):
        assert 0 <= Decimal(dot.get("cy")) <= 64


@pytest.fixture(scope="module")
def app_once(shared_app):
    return shared_app


def test_a_reading_beyond_its_limit_is_a_diamond_and_its_number_red(context):
    svg = str(trend([("10", Decimal(186)), ("11", Decimal(342))], low=None, high=Decimal(300), label="t", unit="s"))
    assert svg.count('class="c-bad"') == 1
    assert '<text class="c-red"' in svg
    assert "186 s, 342 s" in svg


def test_a_reading_on_its_limit_is_no_diamond(context):
    assert "c-bad" not in str(trend([("10", Decimal(300))], low=None, high=Decimal(300), label="t"))


def test_no_readings_no_picture(context):
    assert trend([], low=None, high=None, label="t") == ""


def test_ticks_become_a_gauge_above_a_hundred_and_twenty_rows(context):
    assert str(ticks(["ok"] * 120, label="x")).count("M") == 120
    assert 'class="gauge"' in ticks(["ok"] * 121, label="x")


@pytest.mark.parametrize(("done", "total", "width"), [(0, 0, "0"), (0, 5, "0.0"), (5, 5, "100.0"), (9, 5, "100.0")])
def test_a_gauge_never_overflows(done, total, width):
    assert f'class="g-fill" y="4" width="{width}"' in gauge(done, total, label="x")


def test_bars_carry_their_numbers(context):
    root = ET.fromstring(str(bars([("1–7", 18), ("8–14", 0)], label="weeks")))
    assert [text.text for text in root.iter("text")] == ["18", "1–7", "0", "8–14"]


@pytest.mark.parametrize(
    "text", ["https://xunjian.example.cn/a/0123456789abcdefghijkl", "https://e.cn/verify/" + "f" * 64]
)
def test_a_symbol_decodes_to_what_was_put_in(text):
    size, path = qr_path(text)
    picture = Image.new("L", (size * 4, size * 4), 255)
    draw = ImageDraw.Draw(picture)
    for step in path.split("M")[1:]:
        x, rest = step.split(" ", 1)
        y, rest = rest.split("h", 1)
        width = int(rest.split("v")[0])
        left, top = int(x) * 4, int(y) * 4
        draw.rectangle([left, top, left + width * 4 - 1, top + 3], fill=0)
    assert [found.data.decode() for found in decode(picture)] == [text]


def test_a_symbol_keeps_its_quiet_zone_and_its_label():
    svg = qr_svg("x", label='Label "A" & B')
    size, path = qr_path("x")
    columns = [int(step.split(" ")[0]) for step in path.split("M")[1:]]
    assert min(columns) == QUIET_ZONE
    assert f"0 0 {size} {size}" in svg
    ET.fromstring(str(svg))
    assert io.StringIO(str(svg)).read().startswith("<svg")
