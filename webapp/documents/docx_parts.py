"""Pieces of a Word file as XML: rows, cells, paragraphs, fields; through python-docx long tables take minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length
from docx.text.paragraph import Paragraph as WordParagraph

from webapp.documents.paper import Align, printable

LATIN = "Times New Roman"


def merge_of(run: int) -> str:
    """What Word calls the part of a merged cell; empty for one that stands alone."""
    return {0: "continue", 1: ""}.get(run, "restart")


def table_row(cells: Sequence[Any], *, is_head: bool = False) -> Any:
    """A row that no page cuts; a head is repeated on every page."""
    row = OxmlElement("w:tr")
    properties = OxmlElement("w:trPr")
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))
    row.append(properties)
    for cell in cells:
        row.append(cell)
    return row


def table_cell(
    text: str,
    width: int,
    *,
    align: Align = Align.LEFT,
    is_bold: bool = False,
    shade: str = "",
    span: int = 1,
    merge: str = "",
) -> Any:
    """A cell `width` twentieths of a point wide; `span`: over so many columns; `merge`: see `merge_of`."""
    cell = OxmlElement("w:tc")
    properties = OxmlElement("w:tcPr")
    properties.append(element("w:tcW", w=str(width), type="dxa"))
    if span > 1:
        properties.append(element("w:gridSpan", val=str(span)))
    if merge:
        properties.append(element("w:vMerge", val=merge))
    if shade:
        properties.append(element("w:shd", val="clear", color="auto", fill=shade))
    properties.append(element("w:vAlign", val="center"))
    cell.append(properties)
    cell.append(text_paragraph("" if merge == "continue" else text, size=9, align=align, is_bold=is_bold))
    return cell


def text_paragraph(text: str, *, size: float, align: Align = Align.LEFT, is_bold: bool = False) -> Any:
    """A paragraph; line ends in the text are line ends."""
    paragraph = OxmlElement("w:p")
    properties = OxmlElement("w:pPr")
    properties.append(element("w:spacing", before="20", after="20", line="252", lineRule="auto"))
    if align is not Align.LEFT:
        properties.append(element("w:jc", val=align.value))
    paragraph.append(properties)
    for nth, line in enumerate(printable(text).split("\n")):
        run = OxmlElement("w:r")
        looks = OxmlElement("w:rPr")
        if is_bold:
            looks.append(OxmlElement("w:b"))
        looks.append(element("w:sz", val=str(int(size * 2))))
        run.append(looks)
        if nth:
            run.append(OxmlElement("w:br"))
        written = OxmlElement("w:t")
        written.text = line
        written.set(qn("xml:space"), "preserve")
        run.append(written)
        paragraph.append(run)
    return paragraph


def element(name: str, **attributes: str) -> Any:
    """An element of Word's own namespace."""
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def set_fonts(properties: Any, chinese: str) -> None:
    """The font of Chinese text, and one for Latin letters and figures."""
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    for name, font in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", chinese)):
        fonts.set(qn(f"w:{name}"), font)


def tab_right(paragraph: WordParagraph, width: Length) -> None:
    """What follows a tabulator stands at the right edge."""
    stops = paragraph.paragraph_format.tab_stops
    stops.clear_all()
    stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT)


def add_field(paragraph: WordParagraph, instruction: str) -> None:
    """A field that Word works out: PAGE, NUMPAGES."""
    for kind in ("begin", "", "separate", "text", "end"):
        run = paragraph.add_run()._r
        if kind == "":
            inside = OxmlElement("w:instrText")
            inside.set(qn("xml:space"), "preserve")
            inside.text = f" {instruction} "
            run.append(inside)
        elif kind == "text":
            shown = OxmlElement("w:t")
            shown.text = "1"
            run.append(shown)
        else:
            run.append(element("w:fldChar", fldCharType=kind))


def media_type(file: Path) -> str:
    """What a picture on disk is."""
    return "image/png" if file.suffix == ".png" else "image/jpeg"
