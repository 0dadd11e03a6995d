"""How addenda and unsent work speak: kinds, what a record is about, and the address of its page."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.inspections.words import FLAGS
from webapp.reports.summary import Addendum

PAGES: dict[str, tuple[str, str]] = {
    "inspection": ("inspections.show", "inspection_id"),
    "correction": ("inspections.show", "inspection_id"),
    "sign_off": ("visits.show", "visit_id"),
    "return": ("inspections.show", "inspection_id"),
    "omission": ("dossiers.show", "asset_id"),
    "finding": ("faults.show", "finding_id"),
    "joint_test": ("jointtests.show", "test_id"),
    "joint_test_sign_off": ("jointtests.show", "test_id"),
}


def kind(addendum: Addendum) -> str:
    """What arrived late."""
    texts = {
        "inspection": _("Inspection"),
        "correction": _("Correction of a record of this month"),
        "sign_off": _("Signature under a sheet"),
        "return": _("Record sent back"),
        "omission": _("Reason for a row left out"),
        "finding": _("Fault or hazard"),
        "joint_test": _("Joint test"),
        "joint_test_sign_off": _("Signature under a joint test"),
    }
    return texts[addendum.kind]


def subject(addendum: Addendum) -> str:
    """What it is about: the asset, or the sheet or record that was signed."""
    if addendum.kind == "sign_off":
        sheet = f"{addendum.name} ({addendum.number})" if addendum.number else addendum.name
        return _("Sheet of %(day)s", day=sheet)
    return addendum.name or addendum.number


def number(addendum: Addendum) -> str:
    """The number or code that is printed beside it."""
    if addendum.kind == "sign_off":
        return ""
    return " ".join(text for text in (addendum.code, addendum.number) if text and text != subject(addendum))


def address(addendum: Addendum) -> str:
    """The page that shows it."""
    endpoint, name = PAGES[addendum.kind]
    where: dict[str, Any] = {name: addendum.about}
    return url_for(endpoint, **where)


def flags(addendum: Addendum) -> list[str]:
    """The odd things about it, in words; that it came after closing is said by the list itself."""
    return [str(FLAGS.get(flag, flag)) for flag in addendum.flags if flag != "after_closing"]


def counts(addenda: tuple[Addendum, ...]) -> list[tuple[str, int]]:
    """How many of each kind, in the order of their first arrival."""
    found: dict[str, int] = {}
    for each in addenda:
        found[kind(each)] = found.get(kind(each), 0) + 1
    return list(found.items())
