"""What stands on one label and where: symbol, short code, name, code, site, maker. Nothing is ever cut off.

Lines are broken here and not by whoever draws them, so that paper and preview on the screen are the same. Widths of
letters are those of a broad typeface; a narrower one leaves a little more white.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.assets.label_sheets import SMALLEST_MODULE, ZERO, Sheet
from webapp.kit.qr import qr_path

LINE_HEIGHT = Decimal("1.22")
ASCENT = Decimal("0.9")  # from the top of a line to its base line, in letter heights
LARGEST_LETTER = Decimal("3.7")
READABLE_LETTER = Decimal("2.3")  # details are left out before the name gets smaller than this
SMALLEST_LETTER = Decimal("0.7")
LETTER_STEP = Decimal("0.1")
WORTH_A_LINE = Decimal("0.84")
SYMBOL_SHARE = Decimal("0.56")  # of a label's width, at most
DETAIL = Decimal("0.78")  # size of the details, the name being 1
CODE_SHARE = Decimal("0.18")  # height of the short code's letters, the symbol being 1
LARGEST_CODE = Decimal("3.5")
GAP = Decimal("1.5")  # between symbol and text

_PIECES = re.compile(r"[0-9A-Za-z.,+#&_'\"°%]+[-/]?|\s+|.", re.DOTALL)
_NARROW = frozenset("iljtfrI.,:;'|!()[]-/ ")
_BROAD = frozenset("mwMW@%&")
_NEVER_LAST = tuple("（(【《「『“‘[")
_NEVER_FIRST = frozenset("）)】》」』、，。；：！？,.;:!?%”’")


@dataclass(frozen=True)
class LabelText:
    """What a label says."""

    address: str
    short_code: str
    name: str
    code: str
    site: str
    product: str  # maker and model


@dataclass(frozen=True)
class Line:
    """One line of text; `y` is its base line."""

    text: str
    x: Decimal
    y: Decimal
    size: Decimal
    is_bold: bool


@dataclass(frozen=True)
class Design:
    """One label, measured from the top left of its cell."""

    text: LabelText
    path: str  # the dark modules, one unit each
    modules: int  # per side, with the quiet zone of four
    module: Decimal  # mm
    symbol_x: Decimal
    symbol_y: Decimal
    lines: tuple[Line, ...]

    @property
    def is_readable(self) -> bool:
        """Whether phones can read a symbol as fine as this."""
        return self.module >= SMALLEST_MODULE


def design(text: LabelText, sheet: Sheet) -> Design:
    """Fits a label into the cells of a sheet: the symbol as large as the cell allows, the text beside or below it."""
    modules, path = qr_path(text.address)
    width, height = sheet.cell_width - 2 * sheet.inset_x, sheet.cell_height - 2 * sheet.inset_y
    is_tall = height > width * Decimal("1.15")
    module = _module(
        width if is_tall else width * SYMBOL_SHARE, height * SYMBOL_SHARE if is_tall else height, modules, sheet
    )
    symbol = module * modules
    letter = min(LARGEST_CODE, symbol * CODE_SHARE)
    block = symbol + letter * LINE_HEIGHT
    left = sheet.inset_x + ((width - symbol) / 2 if is_tall else ZERO)
    top = sheet.inset_y + (ZERO if is_tall else (height - block) / 2)
    code_line = Line(text.short_code, left + symbol / 2, top + symbol + letter * ASCENT, letter, True)
    if is_tall:
        box = (sheet.inset_x, top + block, width, height - block)
    else:
        box = (left + symbol + GAP, sheet.inset_y, width - symbol - GAP, height)
    return Design(text, path, modules, _round(module), _round(left), _round(top), (code_line, *_fitted(text, *box)))


def _module(width: Decimal, height: Decimal, modules: int, sheet: Sheet) -> Decimal:
    """The largest module whose symbol, with the short code below, fits; on label printers a whole number of dots."""
    below = min(LARGEST_CODE * LINE_HEIGHT, height * (1 - 1 / (1 + CODE_SHARE * LINE_HEIGHT)))
    module = max(min(width, height - below), ZERO) / modules
    if sheet.dot and module >= sheet.dot:
        return module // sheet.dot * sheet.dot
    return module


def _fitted(text: LabelText, x: Decimal, y: Decimal, width: Decimal, height: Decimal) -> list[Line]:
    """Name and details as lines in a box, centred in height, in the largest letters that fit.

    Details go before words are broken or the name becomes hard to read: first site and product, then the code.
    """
    everything = _Details(text.code, text.site, text.product)
    for details, smallest, keeps_words in (
        (everything, READABLE_LETTER, True),
        (_Details(text.code, text.site), READABLE_LETTER, True),
        (_Details(text.code), READABLE_LETTER, False),
        (_Details(), SMALLEST_LETTER, False),
    ):
        for size in _sizes(smallest):
            if keeps_words and not _keeps_words(text.name, details, size, width):
                continue
            if _height(_set(text.name, details, size, width)) <= height:
                size = _rounder(text.name, size, width)
                return _placed(_set(text.name, details, size, width), x, y, height)
    return []


@dataclass(frozen=True)
class _Details:
    """What stands below the name."""

    code: str = ""
    site: str = ""
    product: str = ""

    def lines(self, width: Decimal) -> list[str]:
        """Code and site on one line where they fit."""
        place = f"{self.code} {self.site}".strip()
        whole = [place] if letters_width(place) <= width else [self.code, self.site]
        return [line for detail in [*whole, self.product] for line in wrap(detail, width)]


def _keeps_words(name: str, details: _Details, size: Decimal, width: Decimal) -> bool:
    small = width / (size * DETAIL)
    if max(letters_width(details.code), letters_width(details.site)) > small:
        return False
    widest = [(piece, width / size) for piece in _PIECES.findall(name)]
    widest += [(piece, small) for piece in _PIECES.findall(details.product)]
    return all(letters_width(piece) <= room for piece, room in widest)


def _sizes(smallest: Decimal) -> Iterator[Decimal]:
    size = LARGEST_LETTER
    while size >= smallest:
        yield size
        size -= LETTER_STEP


def _rounder(name: str, size: Decimal, width: Decimal) -> Decimal:
    """A slightly smaller size where that saves a line of the name (no single character alone on the last line)."""
    lines = len(wrap(name, width / size))
    smaller = [other for other in _sizes(max(size * WORTH_A_LINE, SMALLEST_LETTER)) if other < size]
    return next((other for other in smaller if len(wrap(name, width / other)) < lines), size)


def _set(name: str, details: _Details, size: Decimal, width: Decimal) -> list[tuple[str, Decimal, bool]]:
    small = size * DETAIL
    heading = [(line, size, True) for line in evenly(name, width / size)]
    return heading + [(line, small, False) for line in details.lines(width / small)]


def _height(lines: Sequence[tuple[str, Decimal, bool]]) -> Decimal:
    return sum((size * LINE_HEIGHT for _text, size, _bold in lines), ZERO)


def _placed(lines: Sequence[tuple[str, Decimal, bool]], x: Decimal, y: Decimal, height: Decimal) -> list[Line]:
    placed, top = [], y + (height - _height(lines)) / 2
    for text, size, is_bold in lines:
        placed.append(Line(text, _round(x), _round(top + size * ASCENT), _round(size), is_bold))
        top += size * LINE_HEIGHT
    return placed


def evenly(text: str, width: Decimal) -> list[str]:
    """Like `wrap`, with lines of about the same length."""
    lines = wrap(text, width)
    narrower = letters_width(text) / max(len(lines), 1)
    while narrower < width:
        if len(even := wrap(text, narrower)) <= len(lines) and all(letters_width(line) <= width for line in even):
            return even
        narrower += Decimal("0.25")
    return lines


def wrap(text: str, width: Decimal) -> list[str]:
    """Breaks a text into lines of at most `width` letter heights: between Chinese characters, at blanks, and inside
    a word only where the word alone is too long. Every character is kept, but for blanks at a break.
    """
    lines, line = [], ""
    for piece in _pieces(text, width):
        if line and letters_width(line + piece.rstrip()) > width:
            line, piece = _carried(line, piece, width)
            lines.append(line.rstrip())
            line = ""
        line = (line + piece).lstrip() if not line else line + piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _carried(line: str, piece: str, width: Decimal) -> tuple[str, str]:
    """Line and the piece after it, so that no line begins with a closing mark or ends with an opening one."""
    kept, carried = line, piece
    if piece in _NEVER_FIRST:
        kept, carried = kept[:-1], kept[-1] + carried
    if kept.endswith(_NEVER_LAST):
        kept, carried = kept[:-1], kept[-1] + carried
    fits = kept.strip() and letters_width(carried) <= width
    return (kept, carried) if fits else (line, piece)


def _pieces(text: str, width: Decimal) -> Iterator[str]:
    for piece in _PIECES.findall(text):
        if letters_width(piece) <= width:
            yield piece
        else:
            yield from piece


def letters_width(text: str) -> Decimal:
    """How wide a text is, in letter heights, at most."""
    return sum((_letter_width(char) for char in text), ZERO)


def _letter_width(char: str) -> Decimal:
    if unicodedata.east_asian_width(char) in "WFA":
        return Decimal(1)
    if char in _NARROW:
        return Decimal("0.42")
    if char in _BROAD:
        return Decimal("0.95")
    return Decimal("0.72") if char.isupper() else Decimal("0.62")


def _round(length: Decimal) -> Decimal:
    return length.quantize(Decimal("0.001"))
