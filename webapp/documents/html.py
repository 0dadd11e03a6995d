"""A paper as one HTML file that stands alone; the PDF is drawn from the same text."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.documents.paper import Paper, Picture, Table, cell_text, merged_runs
from webapp.kit.qr import qr_svg

_CHART_RULES = re.compile(r"/\* charts [^*]*\*/(.*?)(?=/\*|\Z)", re.DOTALL)


def write_html(paper: Paper, target: Path) -> None:
    """Writes the file; its photos are inside, so that it can be carried away. Photos are read one at a time."""
    stream_html(paper, target, _data_address)


def stream_html(paper: Paper, target: Path, address: Callable[[Picture], str]) -> None:
    """Writes the HTML piece by piece; `address` gives the address of a picture."""
    template = current_app.jinja_env.get_template("documents/paper_pdf.html")
    stream = template.stream(**context_of(paper), address=address)
    stream.enable_buffering(50)
    with target.open("wb") as file:
        stream.dump(file, encoding="utf-8")


def context_of(paper: Paper) -> dict[str, Any]:
    """What the template is drawn with, but the addresses of pictures."""
    return {
        "paper": paper,
        "head": head_pairs(paper),
        "running": {
            "left": _quoted(f"{paper.site_name} {paper.title}"),
            "right": _quoted(paper.number),
            "page": [_quoted(text) for text in page_words()],
        },
        "columns": [widths_of(table) for table in paper.tables],
        "kind_of": lambda block: type(block).__name__,
        "runs_of": _runs_of,
        "text": cell_text,
        "qr_svg": qr_svg,
        "styled": styled,
    }


def styled(drawing: Markup) -> Markup:
    """A chart with the rules of paper.css inside: outside of the app no style sheet colours it."""
    sheet = (Path(current_app.static_folder or "") / "paper.css").read_text(encoding="utf-8")
    rules = _CHART_RULES.search(sheet)
    head, tag_end, rest = drawing.partition(">")
    return Markup(f"{head}{tag_end}<style>{rules[1]}</style>{rest}" if rules else drawing)  # noqa: S704  (our own)


def head_pairs(paper: Paper) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Parties, period and moment: what every paper says under its title, two pairs in a line."""
    first, second = ((party.duty, party.name) for party in paper.parties)
    return [
        (first, second),
        ((_("Command centre"), paper.site_name), (_("Period"), paper.period)),
        ((_("Data as of"), cell_text(paper.as_of)), (_("Drawn up on"), paper.made_at)),
    ]


def page_words() -> tuple[str, str, str]:
    """What stands before, between and behind the two figures of "page 3 of 12"."""
    before, _mark, rest = _("Page %(page)s of %(pages)s", page="{1}", pages="{2}").partition("{1}")
    between, _mark, after = rest.partition("{2}")
    return before, between, after


def widths_of(table: Table) -> list[str]:
    """Per cent of the width that each column takes."""
    whole = sum(column.width for column in table.columns)
    return [f"{column.width * 10000 // whole / 100:.2f}" for column in table.columns]


def _runs_of(table: Table) -> dict[int, dict[int, int]]:
    return {index: merged_runs(table, index) for index, column in enumerate(table.columns) if column.is_merged}


def _quoted(text: str) -> Markup:
    """A text as CSS writes it: whatever could end it is written as a number."""
    harmless = "".join(sign if sign.isalnum() or sign in " -_.()（）" else f"\\{ord(sign):x} " for sign in text)
    return Markup(f'"{harmless}"')  # noqa: S704  (letters and digits only)


def _data_address(picture: Picture) -> str:
    assert picture.file is not None  # the template asks only for those that are there
    kind = "png" if picture.file.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture.file.read_bytes()).decode()}"
