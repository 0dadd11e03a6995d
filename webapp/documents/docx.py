"""A paper as a Word file that can be edited: real headings, tables whose heads repeat, fields that count pages.

Tables are written as XML at once: asking python-docx for each cell of a long table takes minutes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import qrcode
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.shape import CT_Inline
from docx.parts.image import ImagePart
from docx.shared import Length, Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph
from flask_babel import gettext as _

from webapp.documents.docx_parts import (
    add_field,
    element,
    media_type,
    merge_of,
    set_fonts,
    tab_right,
    table_cell,
    table_row,
    text_paragraph,
)
from webapp.documents.html import head_pairs, page_words
from webapp.documents.paper import (
    Align,
    Chart,
    Facts,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Photos,
    Picture,
    RowStyle,
    SealMark,
    SignatureBox,
    Signatures,
    Symbol,
    Table,
    cell_text,
    merged_runs,
    printable,
)

BODY, HEADS = "宋体", "黑体"  # named, not embedded: Word and WPS have them, others fall back
SHADE, TWIPS_PER_MM = "EDEDED", Decimal(1440) / Decimal("25.4")
PHOTO_HEIGHT, SIGNATURE_HEIGHT = Mm(58), Mm(13)


def write_docx(paper: Paper, target: Path) -> None:
    """Writes the file. Photos are small already; Word keeps them as they are."""
    _Writer(paper).write(target)


class _Writer:
    """One document while it is written."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.document = Document()
        self.photos = 0
        self.width = Mm(297 - 28) if paper.is_across else Mm(210 - 40)

    def write(self, target: Path) -> None:
        self._set_up_page()
        self._set_up_styles()
        self._running_lines()
        self._head()
        for block in self.paper.blocks:
            self._block(block)
        if self.paper.is_demo:
            self._paragraph(_("Demo: example data"), size=9)
        facts = self.document.core_properties
        facts.title, facts.subject = f"{self.paper.site_name} {self.paper.title}", self.paper.number
        facts.author, facts.comments, facts.language = self.paper.parties[1].name, "", "zh-CN"
        self.document.save(str(target))

    def _set_up_page(self) -> None:
        section = self.document.sections[0]
        across, along = (Mm(297), Mm(210)) if self.paper.is_across else (Mm(210), Mm(297))
        section.page_width, section.page_height = across, along
        section.orientation = WD_ORIENT.LANDSCAPE if self.paper.is_across else WD_ORIENT.PORTRAIT
        side = Mm(14) if self.paper.is_across else Mm(20)
        section.left_margin = section.right_margin = side
        section.top_margin, section.bottom_margin = (Mm(16), Mm(16)) if self.paper.is_across else (Mm(22), Mm(20))
        section.header_distance = section.footer_distance = Mm(9)

    def _set_up_styles(self) -> None:
        styles = self.document.styles
        for name, chinese, size, is_bold in (
            ("Normal", BODY, 10.5, False),
            ("Title", HEADS, 18, True),
            ("Heading 1", HEADS, 12, True),
            ("Heading 2", HEADS, 10.5, True),
            ("Header", BODY, 8, False),
            ("Footer", BODY, 8, False),
        ):
            style = styles[name]
            style.font.size, style.font.bold, style.font.italic = Pt(size), is_bold, False
            style.font.color.rgb = RGBColor(0, 0, 0)
            set_fonts(style.element.get_or_add_rPr(), chinese)
        borders = styles["Title"].element.find(f".//{qn('w:pBdr')}")
        if borders is not None:
            borders.getparent().remove(borders)
        for name in ("Header", "Footer"):
            styles[name].paragraph_format.tab_stops.clear_all()
        styles["Normal"].element.get_or_add_rPr().append(element("w:lang", val="en-US", eastAsia="zh-CN"))
        normal = styles["Normal"].paragraph_format
        normal.space_after, normal.line_spacing = Pt(4), 1.25
        for name in ("Heading 1", "Heading 2"):
            styles[name].paragraph_format.space_before = Pt(10)
            styles[name].paragraph_format.space_after = Pt(4)
            styles[name].paragraph_format.keep_with_next = True

    def _running_lines(self) -> None:
        section = self.document.sections[0]
        head = section.header.paragraphs[0]
        tab_right(head, self.width)
        head.add_run(f"{self.paper.site_name} {self.paper.title}\t{self.paper.number}")
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        before, between, after = page_words()
        foot.add_run(before)
        add_field(foot, "PAGE")
        foot.add_run(between)
        add_field(foot, "NUMPAGES")
        foot.add_run(after)

    def _head(self) -> None:
        title = self.document.add_paragraph(style="Title")
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.add_run(self.paper.site_name).add_break()
        title.add_run(self.paper.title)
        number = self._paragraph(_("Number: %(number)s", number=self.paper.number))
        number.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._facts([pair for pairs in head_pairs(self.paper) for pair in pairs])

    def _block(self, block: Any) -> None:
        """Each kind of block has its writer; what is not among them is a mistake of ours."""
        writers: dict[type, Callable[[Any], Any]] = {
            Heading: lambda one: self.document.add_heading(printable(one.text), one.level),
            Paragraph: lambda one: self._paragraph(one.text, size=9 if one.is_note else None),
            Facts: lambda one: self._facts(one.rows),
            Table: self._table,
            Chart: self._chart,
            Photos: self._photos,
            Signatures: self._signatures,
            SealMark: self._seal,
            Symbol: lambda one: self._symbol(one.address, [one.caption, one.address]),
            PageBreak: lambda _one: self.document.add_page_break(),  # type: ignore[no-untyped-call]
        }
        writers[type(block)](block)

    def _chart(self, chart: Chart) -> None:
        self._paragraph(chart.caption, size=9)
        self._table(chart.table)

    def _seal(self, seal: SealMark) -> None:
        sealed = f"{_('Sealed')} {_('No. %(n)s', n=f'{seal.number:04d}')} {seal.sealed_on}"
        self._symbol(seal.verify_url, [sealed, f"SHA-256 {seal.digest}", seal.verify_url])

    def _paragraph(self, text: str, size: float | None = None) -> WordParagraph:
        paragraph = self.document.add_paragraph()
        for nth, line in enumerate(printable(text).split("\n")):
            run = paragraph.add_run(line)
            if size:
                run.font.size = Pt(size)
            if nth < text.count("\n"):
                run.add_break()
        return paragraph

    def _facts(self, rows: Sequence[tuple[str, str]]) -> None:
        pairs = [*rows, ("", "")] if len(rows) % 2 else list(rows)
        lines = [(*pairs[at], *pairs[at + 1]) for at in range(0, len(pairs), 2)]
        widths = self._widths([16, 34, 16, 34])
        table = self._new_table(widths)
        for line in lines:
            cells = [
                table_cell(text, width, shade="F5F5F5" if at % 2 == 0 else "")
                for at, (text, width) in enumerate(zip(line, widths, strict=True))
            ]
            table.append(table_row(cells))
        self._space()

    def _table(self, table: Table) -> None:
        if not table.rows:
            self._paragraph(table.empty or _("None."))
            return
        widths = self._widths([column.width for column in table.columns])
        drawn = self._new_table(widths)
        heads = [
            table_cell(column.title, width, align=Align.CENTRE, is_bold=True, shade=SHADE)
            for column, width in zip(table.columns, widths, strict=True)
        ]
        drawn.append(table_row(heads, is_head=True))
        runs = {at: merged_runs(table, at) for at, column in enumerate(table.columns) if column.is_merged}
        for at, row in enumerate(table.rows):
            if row.style is RowStyle.GROUP:
                drawn.append(
                    table_row(
                        [
                            table_cell(
                                cell_text(row.cells[0]), sum(widths), is_bold=True, shade="F5F5F5", span=len(widths)
                            )
                        ]
                    )
                )
                continue
            is_total = row.style is RowStyle.TOTAL
            cells = [
                table_cell(
                    cell_text(cell),
                    width,
                    align=column.align,
                    is_bold=is_total,
                    shade="F5F5F5" if is_total else "",
                    merge=merge_of(runs.get(nth, {}).get(at, 1)),
                )
                for nth, (cell, column, width) in enumerate(zip(row.cells, table.columns, widths, strict=True))
            ]
            drawn.append(table_row(cells))
        self._space()

    def _photos(self, block: Photos) -> None:
        widths = self._widths([50, 50])
        table = self._new_table(widths)
        room = Length(self.width // 2 - Mm(5))
        for at in range(0, len(block.pictures), 2):
            pair = block.pictures[at : at + 2]
            cells = []
            for nth, picture in enumerate(pair, at + 1):
                cell = table_cell("", widths[0], align=Align.CENTRE)
                self._put_picture(cell[-1], picture, room, PHOTO_HEIGHT, _("The bytes of this photo are missing."))
                cell.append(text_paragraph(f"{nth}. {picture.caption}", size=8.5))
                cells.append(cell)
            cells += [table_cell("", widths[1])] * (2 - len(pair))
            table.append(table_row(cells))
        self._space()

    def _signatures(self, block: Signatures) -> None:
        widths = self._widths([1] * len(block.boxes))
        table = self._new_table(widths)
        table.append(table_row([self._box(box, width) for box, width in zip(block.boxes, widths, strict=True)]))
        self._space()

    def _box(self, box: SignatureBox, width: int) -> Any:
        cell = table_cell(f"{box.title} {box.name}".strip(), width, is_bold=True)
        if box.picture:
            line = OxmlElement("w:p")
            self._put_picture(
                line, box.picture, Mm(45), SIGNATURE_HEIGHT, _("The bytes of this signature are missing.")
            )
            cell.append(line)
            texts = [box.signed_at, box.note]
        else:
            texts = [box.note, _("Signature (stamp)") + ":", "", _("Date") + ":"]
        for text in texts:
            cell.append(text_paragraph(text, size=9))
        return cell

    def _symbol(self, address: str, lines: Sequence[str]) -> None:
        widths = self._widths([18, 82])
        table = self._new_table(widths)
        symbol = table_cell("", widths[0], align=Align.CENTRE)
        drawn = io.BytesIO()
        qrcode.make(address, border=4, box_size=6).save(drawn)
        run = WordParagraph(symbol[-1], self.document._body).add_run()
        run.add_picture(io.BytesIO(drawn.getvalue()), width=Mm(24))
        words = table_cell(lines[0], widths[1], is_bold=True)
        for line in lines[1:]:
            words.append(text_paragraph(line, size=8.5))
        table.append(table_row([symbol, words]))
        self._space()

    def _put_picture(self, line: Any, picture: Picture, wide: Length, high: Length, missing: str) -> None:
        """The picture as large as fits; parts are added by hand, because Word's library compares each with all."""
        paragraph = WordParagraph(line, self.document._body)
        if picture.file is None:
            paragraph.add_run(missing)
            return
        self.photos += 1
        part = self.document.part
        name = PackURI(f"/word/media/photo{self.photos}{picture.file.suffix}")
        image = ImagePart.load(name, media_type(picture.file), picture.file.read_bytes(), part.package)
        relation = part.relate_to(image, RELATIONSHIP_TYPE.IMAGE)
        size = image.image
        share = min(Decimal(wide) / size.px_width, Decimal(high) / size.px_height)
        shape_id = part.next_id if self.photos == 1 else 10_000 + self.photos
        wide, high = (Length(int(pixels * share)) for pixels in (size.px_width, size.px_height))
        inline = CT_Inline.new_pic_inline(shape_id, relation, picture.file.name, wide, high)
        inline.docPr.set("descr", printable(picture.caption))
        paragraph.add_run()._r.add_drawing(inline)

    def _widths(self, shares: Sequence[int]) -> list[int]:
        whole = int(Decimal(self.width) / Mm(1) * TWIPS_PER_MM)
        return [whole * share // sum(shares) for share in shares]

    def _new_table(self, widths: Sequence[int]) -> Any:
        table = self.document.add_table(rows=0, cols=len(widths), style="Table Grid")
        table.autofit = False
        for column, width in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):
            column.set(qn("w:w"), str(width))
        return table._tbl

    def _space(self) -> None:
        after = self.document.add_paragraph()
        after.paragraph_format.space_after = Pt(0)
        after.paragraph_format.line_spacing = Pt(6)
