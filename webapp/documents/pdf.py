"""A paper as PDF, drawn from its HTML. Photos are read from disk while they are written, never all at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from PIL import ImageFile

from webapp.documents.html import stream_html
from webapp.documents.paper import Paper, Picture
from webapp.kit.pdf import PdfUnavailable


def write_pdf(paper: Paper, target: Path) -> None:
    """Writes the file. Nothing is fetched but the photos of the paper itself.

    Raises:
        PdfUnavailable: the system libraries are missing; the README says which.
    """
    try:
        from weasyprint import HTML  # slow to import and needs system libraries
        from weasyprint.urls import URLFetcher
    except OSError as error:
        current_app.logger.warning("PDF cannot be drawn: %s", error)
        raise PdfUnavailable(
            _("This server cannot draw PDF files yet: the library Pango is missing. Please tell your administrator.")
        ) from error
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on for the whole process
    wanted: set[str] = set()

    class OwnPictures(URLFetcher):  # type: ignore[misc]
        """Opens the pictures of this paper and nothing else."""

        def fetch(self, url: str, headers: object = None) -> object:
            if url not in wanted:
                raise ValueError("a paper fetches nothing")
            return super().fetch(url, headers)

    def address(picture: Picture) -> str:
        assert picture.file is not None
        wanted.add(picture.file.resolve().as_uri())
        return picture.file.resolve().as_uri()

    with tempfile.TemporaryDirectory(prefix="paper-") as folder:
        html = Path(folder) / "paper.html"
        stream_html(paper, html, address)
        fetcher = OwnPictures(allowed_protocols=("file",))
        HTML(string=html.read_text(encoding="utf-8"), url_fetcher=fetcher).write_pdf(target)
