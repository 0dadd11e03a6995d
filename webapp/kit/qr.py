"""QR symbols as SVG: one path, black on white, with the quiet zone that scanners need."""

from __future__ import annotations

import qrcode
from markupsafe import Markup, escape
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4  # modules, ISO/IEC 18004


def qr_path(text: str) -> tuple[int, str]:
    """(modules per side including the quiet zone, SVG path of the dark modules) of a symbol with correction M."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    symbol.add_data(text)
    symbol.make(fit=True)
    rows = symbol.get_matrix()
    return len(rows), "".join(_runs(y, row) for y, row in enumerate(rows))


def qr_svg(text: str, label: str = "", css_class: str = "qr") -> Markup:
    """Inline SVG of the symbol; `label` is what a screen reader says (empty: decoration)."""
    size, path = qr_path(text)
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704  (all parts are our own or escaped)
        f'<svg class="{escape(css_class)}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges" {spoken}><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def _runs(y: int, row: list[bool]) -> str:
    """One path step per horizontal run of dark modules."""
    steps, x = [], 0
    while x < len(row):
        length = 1
        if row[x]:
            while x + length < len(row) and row[x + length]:
                length += 1
            steps.append(f"M{x} {y}h{length}v1h-{length}z")
        x += length
    return "".join(steps)
