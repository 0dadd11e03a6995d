"""How a label is laid out, without app or database: nothing is cut, nothing leaves the cell."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.assets.label_design import SMALLEST_LETTER, LabelText, design, evenly, letters_width, wrap
from webapp.assets.label_sheets import SHEETS, Sheet

ADDRESS = "https://inspect.shaoguan.example.cn/a/k7m4q9rk7m4q9rk7m4q9"
LONGEST = "一体化视频会议终端(车内吸顶安装）" * 11 + "备用机位"  # 191 characters
TALL = Sheet("custom", Decimal(30), Decimal(50), 1, 1, Decimal(30), Decimal(50))
PAPERS = [*SHEETS.values(), TALL]
NAMES = [
    "功分器",
    "Ku车载动中通卫星通信系统高频波导",
    "370M窄带集群背负式基站（2载频）",
    "启天M435（含D-6000调度终端软件和CDM-100数字加密狗）",
    "W" * 60,
    LONGEST,
]


def label(name, product="海格恒通 WX-080-14"):
    return LabelText(ADDRESS, "K7M-4Q9R", name, "SG-2-01-001", "韶关", product)


@pytest.mark.parametrize("sheet", PAPERS, ids=lambda sheet: sheet.key)
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:8])
def test_the_whole_name_stands_on_every_kind_of_label(name, sheet):
    text = "".join(line.text for line in design(label(name), sheet).lines if line.is_bold)
    assert name.replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize("sheet", PAPERS, ids=lambda sheet: sheet.key)
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:8])
def test_nothing_leaves_its_cell_or_lies_on_the_symbol(name, sheet):
    made = design(label(name), sheet)
    code, *lines = made.lines
    symbol = made.module * made.modules
    assert sheet.inset_x <= made.symbol_x
    assert made.symbol_x + symbol <= sheet.cell_width - sheet.inset_x
    assert made.symbol_y >= sheet.inset_y
    assert code.y - code.size >= made.symbol_y + symbol - code.size / 4
    for line in lines:
        assert line.x + letters_width(line.text) * line.size <= sheet.cell_width - sheet.inset_x + Decimal("0.01")
        assert line.y <= sheet.cell_height - sheet.inset_y
        assert line.y - line.size >= sheet.inset_y - line.size / 4
        assert line.x >= made.symbol_x + symbol or line.y - line.size >= code.y


@pytest.mark.parametrize("sheet", PAPERS, ids=lambda sheet: sheet.key)
def test_phones_can_read_the_symbol_and_its_quiet_zone_is_four_modules(sheet):
    made = design(label("功分器"), sheet)
    assert made.is_readable
    assert made.path.startswith("M4 4h7v1h-7z")  # the first finder begins after four light modules


def test_a_label_printer_gets_modules_of_whole_dots():
    made = design(label("功分器"), SHEETS["roll-40x30"])
    assert made.module % Decimal("0.125") == 0


def test_details_are_left_out_before_the_name_becomes_too_small():
    texts = [line.text for line in design(label(LONGEST), SHEETS["a4-5x13"]).lines]
    assert not any("海格恒通" in text for text in texts)
    assert any(
        "SG-2-01-001" in text for text in [line.text for line in design(label("功分器"), SHEETS["a4-5x13"]).lines]
    )


def test_a_name_is_broken_into_even_lines():
    assert evenly("高清视频会议服务器", Decimal(8)) == ["高清视频会", "议服务器"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("功分器", 3, ["功分器"]),
        ("功分器", 2, ["功分", "器"]),
        ("移动式音箱（大）", 7, ["移动式音箱", "（大）"]),
        ("UPS（3楼）", 20, ["UPS（3楼）"]),
        ("audio technica AT", 7, ["audio", "technica AT"]),
        ("", 5, []),
    ],
)
def test_lines_break_where_people_break_them(text, width, lines):
    assert wrap(text, Decimal(width)) == lines


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=80),
    st.integers(min_value=2, max_value=30),
)
@settings(max_examples=300, deadline=None)
def test_breaking_lines_loses_no_character_and_exceeds_no_width(text, width):
    lines = wrap(text, Decimal(width))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(letters_width(line) <= width for line in lines)


def test_the_smallest_letters_are_the_last_resort():
    assert min(line.size for line in design(label(LONGEST), SHEETS["a4-5x13"]).lines[1:]) >= SMALLEST_LETTER * Decimal(
        "0.7"
    )
