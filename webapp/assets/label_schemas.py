"""Forms of the label pages. Lengths are millimetres."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from webapp.assets.label_sheets import CUSTOM, LARGEST_PAPER, MOST_CELLS, SHEETS
from webapp.kit.intake import FormSchema

NOT_A_NUMBER = {"invalid": _l("Give a number such as 63.5."), "special": _l("Give a number such as 63.5.")}
USUAL = SHEETS["a4-3x8"]


def _length(low: str, high: str, usual: Decimal) -> fields.Decimal:
    bounds = validate.Range(min=Decimal(low), max=Decimal(high), error=_l("Give {min} to {max} mm."))
    return fields.Decimal(places=2, load_default=usual, error_messages=NOT_A_NUMBER, validate=bounds)


def _count(high: int, usual: int) -> fields.Integer:
    bounds = validate.Range(min=1, max=high, error=_l("Give {min} to {max}."))
    not_whole = {"invalid": _l("Give a whole number."), "too_large": _l("Give a whole number.")}
    return fields.Integer(load_default=usual, error_messages=not_whole, validate=bounds)


class ScopeSchema(FormSchema):
    """Which assets the page offers: see label_choice.assets_in."""

    of = fields.String(load_default="", validate=validate.Length(max=60))
    replaced = fields.Boolean(load_default=False)


class SheetSchema(ScopeSchema):
    """The paper, where to begin on it, and how far the printer is off."""

    format = fields.String(
        load_default=USUAL.key,
        validate=validate.OneOf([*SHEETS, CUSTOM], error=_l("There is no such kind of paper. Choose one of the list.")),
    )
    start = _count(MOST_CELLS, 1)
    copies = fields.String(
        load_default="one", validate=validate.OneOf(["one", "unit"], error=_l("Choose one of the two."))
    )
    shift_x = _length("-10", "10", Decimal(0))
    shift_y = _length("-10", "10", Decimal(0))
    paper_width = _length("15", str(LARGEST_PAPER), USUAL.paper_width)
    paper_height = _length("15", str(LARGEST_PAPER), USUAL.paper_height)
    columns = _count(20, USUAL.columns)
    rows = _count(40, USUAL.rows)
    cell_width = _length("15", "300", USUAL.cell_width)
    cell_height = _length("12", "300", USUAL.cell_height)
    margin_left = _length("0", "100", USUAL.margin_left)
    margin_top = _length("0", "100", USUAL.margin_top)
    gap_x = _length("0", "50", USUAL.gap_x)
    gap_y = _length("0", "50", USUAL.gap_y)


class LabelsSchema(SheetSchema):
    """A sheet with the assets whose labels are printed on it."""

    asset = fields.List(fields.UUID(error_messages={"invalid_uuid": _l("Choose from the list.")}), load_default=list)
