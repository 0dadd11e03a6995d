"""Drawn pictures for the demo: photos that say they are drawn, signatures of a few strokes."""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw

SIZE = (640, 480)
COLOURS = ("#2a3434", "#33413f", "#3d4a49", "#596664")


def photo(seed: str) -> bytes:
    """A JPEG of a rack that nobody could take for a photograph; different bytes for each seed."""
    chance = random.Random(seed)  # noqa: S311  (a drawing, no secret)
    picture = Image.new("RGB", SIZE, "#9fb6bd")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((120, 40, 520, 440), fill=COLOURS[0])
    for row in range(8):
        top = 60 + row * 46
        draw.rectangle((140, top, 500, top + 36), fill=chance.choice(COLOURS[1:]))
        for lamp in range(chance.randint(2, 9)):
            colour = chance.choice(["#7be3a6", "#7be3a6", "#7be3a6", "#f0a03c"])
            draw.ellipse((156 + lamp * 30, top + 13, 166 + lamp * 30, top + 23), fill=colour)
    draw.text((16, 452), f"DEMO DRAWING {seed[-24:]}", fill="#0b1211")
    return _encoded(picture, "JPEG", quality=70)


def signature(seed: str) -> bytes:
    """A PNG of some joined strokes; the same seed gives the same hand."""
    chance = random.Random(seed)  # noqa: S311  (a drawing, no secret)
    picture = Image.new("RGB", (600, 220), "#ffffff")
    draw = ImageDraw.Draw(picture)
    for start in range(3):
        phase, height = chance.uniform(0, 6), chance.uniform(25, 60)
        points = [
            (80 + start * 150 + step * 3, 110 + height * math.sin(phase + step / 4) * math.cos(step / 11))
            for step in range(45)
        ]
        draw.line(points, fill="#12308a", width=5, joint="curve")
    return _encoded(picture, "PNG")


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
