"""PDF documents from HTML templates. The same template can be shown in a browser and printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, make_response, render_template
from flask_babel import gettext as _
from PIL import ImageFile

from webapp.kit.problems import Problem

_CHART = re.compile(r'<svg class="(?:chart|ticks|gauge)[^>]*>')
_CHART_RULES = re.compile(r"/\* charts [^*]*\*/(.*?)(?=/\*|\Z)", re.DOTALL)


class PdfUnavailable(Problem):
    """The libraries that draw PDF files are not installed on this machine (503)."""

    status = 503
    default_code = "pdf_unavailable"


def pdf_of(template: str, **context: Any) -> bytes:
    """Renders a template to PDF with static/paper.css. Nothing is fetched: pictures come as data: addresses.

    Raises:
        PdfUnavailable: the system libraries are missing; the README says which.
    """
    try:
        from weasyprint import CSS, HTML  # slow to import and needs system libraries: only when a PDF is wanted
        from weasyprint.urls import URLFetcher
    except OSError as error:
        current_app.logger.warning("PDF cannot be drawn: %s", error)
        raise PdfUnavailable(
            _("This server cannot draw PDF files yet: the library Pango is missing. Please tell your administrator.")
        ) from error
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on for the whole process; cut-off uploads would pass
    stylesheet = Path(current_app.static_folder or "") / "paper.css"
    styles = [CSS(filename=str(stylesheet))] if stylesheet.exists() else []
    html = _with_chart_styles(render_template(template, **context), stylesheet)
    page = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    data: bytes = page.write_pdf(stylesheets=styles)
    return data


def _with_chart_styles(html: str, stylesheet: Path) -> str:
    """Puts the chart rules of paper.css into each chart: WeasyPrint applies no page styles inside an inline SVG."""
    rules = _CHART_RULES.search(stylesheet.read_text(encoding="utf-8")) if stylesheet.exists() else None
    return _CHART.sub(lambda chart: f"{chart[0]}<style>{rules[1]}</style>", html) if rules else html


def pdf_answer(data: bytes, filename: str, *, inline: bool = True) -> Response:
    """The answer that shows or saves a PDF under a Chinese file name."""
    answer = make_response(data)
    answer.mimetype = "application/pdf"
    way = "inline" if inline else "attachment"
    answer.headers["Content-Disposition"] = f"{way}; filename=\"document.pdf\"; filename*=UTF-8''{quote(filename)}"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
