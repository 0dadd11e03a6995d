"""How results, limits and judgements are said to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from webapp.checklists.models import ItemKind
from webapp.checklists.rules import Verdict
from webapp.jointtests.form import HEADER, Fill, Item
from webapp.jointtests.rules import Capacity, is_judged, is_only_compared, is_within_tolerance
from webapp.jointtests.sheet import Cell, Sheet
from webapp.kit.language import local

MARKS = {"ok": "ok", "degraded": "warn", "failed": "abnormal", "not_tested": "na"}
OVERALL_MARKS = {"pass": "ok", "pass_with_problems": "warn", "fail": "abnormal"}


def state_name(state: str) -> str:
    """The state of a section in a word."""
    names = {
        "ok": _("in order"),
        "warn": _("with defects"),
        "abnormal": _("out of order"),
        "na": _("not tested"),
        "todo": _("not complete"),
    }
    return names[state]


def judgement_words(cell: Cell) -> tuple[str, str]:
    """(state, words) of the judgement on a value; no words where there is nothing to say yet."""
    reason, verdict = cell.judgement.reason, cell.judgement.verdict
    can_be_judged = is_judged(cell.item) or is_only_compared(cell.item) or cell.item.warning_days is not None
    if not cell.value or verdict is Verdict.NA or not can_be_judged:
        return "todo", ""
    if verdict is Verdict.ABNORMAL:
        is_contract = cell.item.tolerance is not None
        words = {
            "below": _("Below the contract") if is_contract else _("Below the limit"),
            "above": _("Above the limit"),
            "ends": _("Ends soon"),
        }
        return "abnormal", words.get(reason, _("Not in order"))
    if cell.item.kind == ItemKind.NUMBER and verdict is Verdict.INFO:
        return "warn", _("Not a number")
    if is_only_compared(cell.item) or verdict is Verdict.INFO:
        return "na", _("only compared") if cell.item.kind == ItemKind.NUMBER else ""
    return "ok", _("OK, within tolerance") if is_within_tolerance(cell.item, cell.judgement) else _("OK")


def limit_text(item: Item) -> str:
    """The limit beside a number: ≥ 40, ≤ 15, = 2, or a dash."""
    low, high = item.minimum, item.maximum
    if low is not None and low == high:
        return f"= {_plain(low)}"
    if low is not None and high is not None:
        return f"{_plain(low)}–{_plain(high)}"
    if item.tolerance is not None and low is not None:
        accepted = item.as_judged.minimum
        return _("%(figure)s (≥ %(accepted)s)", figure=_plain(low), accepted=_plain(accepted or low))
    if low is not None:
        return f"≥ {_plain(low)}"
    return f"≤ {_plain(high)}" if high is not None else "—"


def value_words(cell: Cell, value: str | None = None) -> str:
    """A value as people read it: the option's words, normal or abnormal, or the text itself."""
    shown = cell.value if value is None else value
    option = cell.item.option(shown)
    if option:
        return local(option)
    if cell.item.kind == ItemKind.PASS_FAIL:
        return {"pass": _("Normal"), "fail": _("Abnormal")}.get(shown, shown)
    return shown


def overall_words(result: str) -> str:
    """The outcome of a whole test in a word."""
    words = {"pass": _("Passed"), "pass_with_problems": _("Passed with problems"), "fail": _("Failed")}
    return words.get(result, result)


def kind_words(sheet: Sheet) -> str:
    """The kind of test before its number: "Drill · "; empty where the record does not say."""
    section = sheet.form.section(HEADER)
    item = section.item("test_type") if section else None
    option = item.option(sheet.value(HEADER, "test_type")) if item else None
    return f"{local(option)} · " if option else ""


def peer_words(peer: Sequence[Any]) -> str:
    """What tells a peer or station from the others."""
    return " ↔ ".join(local(each) if isinstance(each, dict) else str(each) for each in peer)


def origin_words(fill: Fill) -> str:
    """How a value came into the record."""
    words = {
        Fill.AUTO: _("filled in by the app"),
        Fill.COPY: _("taken over from the inspection of the day"),
        Fill.PREFILL: _("proposed and confirmed"),
        Fill.ASK: _("measured or asked"),
    }
    return words[fill]


def capacity_name(capacity: str) -> str:
    """Who signs."""
    return {Capacity.TECHNICIAN: _("Technician of the provider"), Capacity.SUPERVISOR: _("Supervisor of the bureau")}[
        Capacity(capacity)
    ]


def moment_of(text: str) -> datetime:
    """A moment as it stands in a stored judgement."""
    return datetime.fromisoformat(text)


def _plain(number: Decimal) -> str:
    return f"{number:f}" if number == 0 or abs(number) >= Decimal("0.001") else str(number)
