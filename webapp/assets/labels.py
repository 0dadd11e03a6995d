"""Labels as sheets: which cell each label takes, drawn as SVG for the screen and as vector PDF for the printer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from webapp.assets.label_design import Design, LabelText, design
from webapp.assets.label_sheets import CUSTOM, SHEETS, SMALLEST_MODULE, Sheet, plain, sheet_problems
from webapp.assets.models import Asset, Label
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.kit.pdf import pdf_of
from webapp.kit.problems import Invalid
from webapp.people.models import Person

MOST_LABELS = 3000


@dataclass(frozen=True)
class Placed:
    """A label in its cell; x and y are the cell's top left corner on the page."""

    x: Decimal
    y: Decimal
    design: Design


def address_of(label: Label) -> str:
    """What the symbol says: the label's address under the public address of this app."""
    return f"{current_app.config['SETTINGS'].public_url}/a/{label.token}"


def text_of(asset: Asset, label: Label, site_name: str) -> LabelText:
    """What stands on the label of an asset."""
    product = " ".join(part for part in (asset.maker, asset.model) if part)
    return LabelText(address_of(label), label.short_code, asset.name, asset.code, site_name, product)


def repeated(assets: Sequence[Asset], *, per_unit: bool) -> list[Asset]:
    """One label per row of the list, or as many as the row has units (R2)."""
    return [asset for asset in assets for _copy in range(asset.units if per_unit else 1)]


def sheet_for(form: Mapping[str, Any]) -> Sheet:
    """The sheet that a loaded form describes, moved as the printer needs it.

    Raises:
        Invalid: the sheet measured by hand does not fit its paper; names the fields.
    """
    key: str = form["format"]
    if key == CUSTOM:
        measures = {name: form[name] for name in CUSTOM_FIELDS}
        sheet = Sheet(CUSTOM, **measures)
        if problems := sheet_problems(sheet):
            raise Invalid(_("These labels do not fit on the paper."), fields=problems)
    else:
        sheet = SHEETS[key]
    return sheet.moved(form["shift_x"], form["shift_y"])


CUSTOM_FIELDS = (
    "paper_width",
    "paper_height",
    "columns",
    "rows",
    "cell_width",
    "cell_height",
    "margin_left",
    "margin_top",
    "gap_x",
    "gap_y",
)


def pages(texts: Sequence[LabelText], sheet: Sheet, start: int = 1, *, only_first: bool = False) -> list[list[Placed]]:
    """The labels in their cells, page by page; the first one takes cell `start` (1 is top left).

    Raises:
        Invalid: too many labels, no such cell, or cells too small for a symbol that phones can read.
    """
    _check(texts, sheet, start)
    if only_first:
        texts = texts[: sheet.cells - start + 1]
    drawn: dict[str, Design] = {}
    result: list[list[Placed]] = []
    for index, text in enumerate(texts, start=start - 1):
        if text.address not in drawn:
            drawn[text.address] = design(text, sheet)
        number, cell = divmod(index, sheet.cells)
        if number == len(result):
            result.append([])
        result[number].append(Placed(*sheet.corner(cell), drawn[text.address]))
    return result


def page_count(labels: int, sheet: Sheet, start: int = 1) -> int:
    """How many pages that many labels need."""
    return -(-(labels + start - 1) // sheet.cells) if labels else 0


def _check(texts: Sequence[LabelText], sheet: Sheet, start: int) -> None:
    if not texts:
        raise Invalid(
            _("No label is chosen. Choose at least one device."), fields={"asset": [_("Choose at least one.")]}
        )
    if len(texts) > MOST_LABELS:
        raise Invalid(_("%(n)s labels are too many at once. Print list by list.", n=len(texts)))
    if not 1 <= start <= sheet.cells:
        message = _("This sheet has the cells 1 to %(n)s.", n=sheet.cells)
        raise Invalid(message, fields={"start": [message]})
    tried = design(texts[0], sheet)
    if not tried.is_readable:
        message = _(
            "The labels are too small: the symbol would have dots of %(have)s mm, phones need %(need)s mm.",
            have=plain(tried.module.quantize(Decimal("0.01"))),
            need=plain(SMALLEST_MODULE),
        )
        raise Invalid(message, fields={"cell_width": [message]})


def labels_pdf(texts: Sequence[LabelText], sheet: Sheet, start: int = 1) -> bytes:
    """The label sheets as a PDF with real text and vector symbols. Raises as `pages` does."""
    return pdf_of("labels/sheets_pdf.html", pages=pages(texts, sheet, start), sheet=sheet)


def calibration_pdf(sheet: Sheet) -> bytes:
    """One page of rulers and cell outlines: printed at 100 % it shows how far off the printer is."""
    return pdf_of("labels/calibration_pdf.html", sheet=sheet)


def note_printed(
    assets: Sequence[Asset], sheet: Sheet, *, site_id: uuid.UUID, by: Person | None, now: datetime
) -> None:
    """Writes to the log whose labels were printed."""
    record(
        Verb.LABELS_PRINTED,
        f"site:{site_id}",
        by=by.id if by else None,
        now=now,
        site_id=site_id,
        sheet=sheet.key,
        labels=len(assets),
        codes=sorted({asset.code for asset in assets}),
    )
