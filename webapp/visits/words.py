"""Answers, states and capacities as people say them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from webapp.inspections.models import Answer
from webapp.kit.charts import ticks
from webapp.kit.language import full_moment, local
from webapp.visits.rules import Capacity, RowState
from webapp.visits.sheet import Reply, Sheet


def answer_in_words(reply: Reply) -> str:
    """What was found, by how much, against which limit: "Temperature 71 ℃, limit at most 60 ℃, last time 53 ℃"."""
    item, answer = reply.item, reply.answer
    name = local(item) if item else answer.item_key
    unit = item.unit if item else ""
    parts = [f"{name} {value_in_words(reply)}".strip()]
    parts += limits_in_words(answer, unit)
    return _(", ").join(parts)


def value_in_words(reply: Reply) -> str:
    """The answer itself with its unit: "71 ℃", "abnormal", the words of an option."""
    item, answer = reply.item, reply.answer
    if answer.verdict == "na":
        return _("not applicable")
    if answer.value in ("pass", "fail"):
        return _("normal") if answer.value == "pass" else _("abnormal")
    for option in item.options if item else []:
        if option.get("value") == answer.value:
            return local(option)
    return f"{answer.value} {item.unit if item else ''}".strip()


def limits_in_words(answer: Answer, unit: str) -> list[str]:
    """The limits and the last value that the judgement used, where it used any."""
    used: dict[str, Any] = answer.judgement or {}
    words = []
    if used.get("excess"):
        words.append(_("out by %(number)s", number=_with_unit(used["excess"], unit)))
    if used.get("low") is not None and used.get("reason") != "above":
        words.append(_("limit ≥ %(number)s", number=_with_unit(used["low"], unit)))
    if used.get("high") is not None and used.get("reason") != "below":
        words.append(_("limit ≤ %(number)s", number=_with_unit(used["high"], unit)))
    if used.get("previous") is not None:
        words.append(_("last time %(number)s", number=_with_unit(used["previous"], unit)))
    return words


def ticks_of(sheet: Sheet) -> Markup:
    """The scale of a sheet: one tick per row."""
    facts = {
        "abnormal": len(sheet.abnormal),
        "todo": len(sheet.returned) + len(sheet.omissions),
        "normal": len(sheet.normal),
    }
    label = _("%(abnormal)s rows abnormal, %(todo)s returned or not reached, %(normal)s normal", **facts)
    return ticks(sheet.tick_states, label=label)


def capacity_name(capacity: str) -> str:
    """Whose signature it is, as on the paper form."""
    return {
        Capacity.INSPECTOR: _("Inspector's signature"),
        Capacity.SUPERVISOR: _("Supervisor's signature"),
        Capacity.HANDOVER: _("Handover signature"),
    }[Capacity(capacity)]


def brought_in_words(name: str, confirmed_at: datetime | None, *, is_technicians_device: bool = True) -> str:
    """How a signature came that was not given under the signer's own account: "signed on the device of 张伟 · confirmed
    2026-11-19 08:12". A file that somebody else imported was not drawn on that person's device.
    """
    facts = {"name": name}
    how = _("signed on the device of %(name)s", **facts) if is_technicians_device else _("brought by %(name)s", **facts)
    when = _("confirmed %(time)s", time=full_moment(confirmed_at)) if confirmed_at else _("not confirmed")
    return f"{how} · {when}"


def state_name(state: RowState) -> str:
    """The state of a row in a word."""
    return {
        RowState.ABNORMAL: _("abnormal"),
        RowState.OK: _("normal"),
        RowState.RETURNED: _("returned"),
        RowState.REPLACED: _("replaced"),
    }[state]


def _with_unit(number: Any, unit: str) -> str:
    return f"{number} {unit}".strip()
