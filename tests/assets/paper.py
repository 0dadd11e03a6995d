"""A PDF as independent programs see it: its symbols (zbar), its words and fonts (poppler)."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

MM_PER_INCH = 25.4


Box = tuple[float, float, float, float]  # left, top, right, bottom in mm


@dataclass(frozen=True)
class Word:
    """A piece of text with its box in mm."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float


def symbols_in(pdf: Path, boxes: list[list[Box]], dpi: int = 200) -> list[list[list[str]]]:
    """What zbar reads in each box of each page, printed with `dpi` dots per inch: page → box → texts.

    A phone looks at one label too; on a whole sheet zbar takes corners of neighbours for one symbol.
    """
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-png", pdf, pdf.with_suffix("")], check=True)
    pictures = [Image.open(path) for path in sorted(pdf.parent.glob(f"{pdf.stem}-*.png"))]
    assert len(pictures) == len(boxes)
    return [
        [_texts(picture.crop(tuple(round(mm * dpi / MM_PER_INCH) for mm in box))) for box in on_page]
        for picture, on_page in zip(pictures, boxes, strict=True)
    ]


def _texts(picture: Image.Image) -> list[str]:
    return [code.data.decode() for code in decode(picture, symbols=[ZBarSymbol.QRCODE])]


def words_of(pdf: Path) -> list[Word]:
    """Every word with its place."""
    html = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True, text=True).stdout
    words, page = [], -1
    for line in html.splitlines():
        if "<page " in line:
            page += 1
        if found := re.search(r'xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*)</word>', line):
            left, top, right, bottom = (float(found[n]) * MM_PER_INCH / 72 for n in (1, 2, 3, 4))
            words.append(Word(found[5], page, left, top, right, bottom))
    return words


def text_of(pdf: Path) -> str:
    """All text without blanks and line ends."""
    text = subprocess.run(["pdftotext", "-raw", pdf, "-"], check=True, capture_output=True, text=True).stdout
    return "".join(text.split())


def fonts_of(pdf: Path) -> list[list[str]]:
    """The columns of pdffonts: name, type …, emb, sub, uni, object."""
    lines = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    return [line.split() for line in lines]


def page_sizes(pdf: Path) -> set[tuple[int, int]]:
    """Width and height of the pages in whole mm."""
    out = subprocess.run(["pdfinfo", "-l", "9999", pdf], check=True, capture_output=True, text=True).stdout
    sizes = re.findall(r"size:\s+([\d.]+) x ([\d.]+) pts", out)
    return {(round(float(w) * MM_PER_INCH / 72), round(float(h) * MM_PER_INCH / 72)) for w, h in sizes}
