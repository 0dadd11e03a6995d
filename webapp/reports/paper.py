"""The month as a PDF in the layout that a bureau files. Takes only the summary; pictures are fetched for it by id."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable

from webapp.files.images import SHAPES, drawn
from webapp.files.queries import files_with
from webapp.files.store import store
from webapp.kit import charts
from webapp.kit.pdf import pdf_of
from webapp.reports import closing_words, fault_figures_words, review_words, words
from webapp.reports.figures import signed_visits
from webapp.reports.summary import MonthlySummary

PHOTOS_PER_ITEM = 3  # the others stay in the record, which is named beside them


def pdf_of_month(summary: MonthlySummary) -> bytes:
    """The PDF of a month. Raises PdfUnavailable where the drawing library is missing."""
    chosen = [photo for item in summary.abnormal for photo in item.photo_ids[:PHOTOS_PER_ITEM]]
    return pdf_of(
        "reports/month_paper.html",
        summary=summary,
        words=words,
        closing_words=closing_words,
        review_words=review_words,
        fault_words=fault_figures_words,
        sheets=signed_visits(summary),
        charts=charts,
        pictures=_pictures(chosen),
        photos_per_item=PHOTOS_PER_ITEM,
    )


def _pictures(file_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """File id → its thumbnail as a data: address. A photo whose bytes are gone is left out; `seals verify` names it."""
    found: dict[uuid.UUID, str] = {}
    for file_id, file in files_with(list(file_ids)).items():
        try:
            picture = store().served(file.sha256, "thumbnail", lambda raw: drawn(raw, SHAPES["thumbnail"]))
        except FileNotFoundError:
            continue
        found[file_id] = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
    return found
