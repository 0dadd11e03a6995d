"""How limits, changes and items read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.checklists import queries, words
from webapp.checklists.models import CheckItem

D = Decimal


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (None, None, "V", ""),
        ("198", "235.4", "V", "198–235.4 V"),
        ("12", None, "V", "≥ 12 V"),
        (None, "4", "Ω", "≤ 4 Ω"),
        ("0", None, "", "≥ 0"),
        ("-105", None, "dBm", "≥ −105 dBm"),
        ("-105", "-70", "dBm", "−105 … −70 dBm"),
        (None, "1E-7", "", "≤ 0.0000001"),
    ],
)
def test_limits_read_with_their_unit(low, high, unit, text):
    assert words.limits(low and D(low), high and D(high), unit) == text


@pytest.mark.parametrize(
    ("compare", "text"),
    [
        ({}, ""),
        ({"max_drop": "3"}, "falls by at most 3 dB"),
        ({"max_rise_pct": "30"}, "rises by at most 30 %"),
        ({"max_drop": "3", "max_change_pct": "5"}, "falls by at most 3 dB, changes by at most 5 %"),
    ],
)
def test_changes_read_in_units_and_percent(english, compare, text):
    assert words.changes(compare, "dB") == text


def test_an_item_reads_in_one_line(english):
    item = CheckItem(
        kind="number", unit="V", minimum=D(198), maximum=None, compare={"max_drop": "3"}, options=[], photo="always",
        frequency="weekly", is_na_allowed=False,
    )  # fmt: skip
    assert words.facts(item) == [
        "Reading", "≥ 198 V", "falls by at most 3 V", "always a photo", "weekly", "“not applicable” is not allowed",
    ]  # fmt: skip
    item.minimum, item.compare, item.photo, item.is_na_allowed = None, {}, "never", True
    assert words.facts(item) == ["Reading", "V", "weekly"]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("unit", "", "—"),
        ("minimum", None, "—"),
        ("seed_refs", [], "—"),
        ("compare", {}, "—"),
        ("minimum", D("0"), "0"),
        ("minimum", D("1E+2"), "100"),
        ("is_required", True, "yes"),
        ("is_required", False, "no"),
        ("kind", "pass_fail", "Normal / abnormal"),
        ("photo", "never", "no photo"),
        ("severity", "consult", "Technical consultation"),
        ("seed_refs", ["S1", "F2"], "S1, F2"),
        ("compare", {"max_drop": "3"}, "falls by at most 3"),
        ("zh", "电压", "电压"),
        ("options", [{"zh": "好", "en": "Good", "abnormal": False}, {"zh": "差", "en": "Bad", "abnormal": True}],
         "Good · Bad (abnormal)"),
    ],
)  # fmt: skip
def test_values_read_in_the_difference(english, field, value, text):
    assert words.shown(field, value) == text


def test_every_code_of_the_lists_has_its_words(context):
    for version in queries.current_versions(None):
        for item in version.items:
            assert words.facts(item)[0] == str(words.KINDS[item.kind])
            assert set(item.seed_refs) <= set(words.SEEDS)
            for name in words.FIELDS:
                assert words.shown(name, getattr(item, name)) != ""
