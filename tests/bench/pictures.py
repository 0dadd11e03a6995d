"""Pictures to measure with: a photo as phones take them, and frames of a camera that looks at a label."""

from __future__ import annotations

import base64
import random
from io import BytesIO

import qrcode
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

PHOTO_SIZE = (4000, 3000)  # 12 megapixels
TURNED = 6  # EXIF: the camera was held upright, the picture is to be turned by 90 degrees
FRAME_SIZE = (1000, 750)  # what scan.js looks at
RED, GREEN = (200, 30, 30), (30, 160, 30)


def large_photo() -> bytes:
    """A JPEG of twelve megapixels, some 5 MB, taken upright: shown rightly its upper left corner is red."""
    chance = random.Random("photo")
    small = Image.effect_noise((500, 375), 90).convert("RGB")
    whole = small.resize(PHOTO_SIZE, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(whole)
    for _shape in range(300):
        x, y, size = chance.randrange(4000), chance.randrange(3000), chance.randrange(20, 400)
        pen.rectangle((x, y, x + size, y + size // 2), fill=tuple(chance.randrange(256) for _channel in range(3)))
    grain = Image.effect_noise(PHOTO_SIZE, 24).convert("RGB")
    whole = Image.blend(whole, grain, 0.25)
    # turned clockwise to be shown, the lower left corner becomes the upper left one
    ImageDraw.Draw(whole).rectangle((0, 2400, 600, 3000), fill=RED)
    ImageDraw.Draw(whole).rectangle((0, 0, 600, 600), fill=GREEN)
    exif = Image.Exif()
    exif[0x0112] = TURNED
    out = BytesIO()
    whole.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def hard_frames(text: str) -> list[tuple[str, str]]:
    """(what is hard about it, the frame as a data address) of a label of this address."""
    straight = _frame(text, 300)
    frames = {
        "plain": straight,
        "turned by 33°": straight.rotate(33, Image.Resampling.BICUBIC, fillcolor=(150, 140, 120)),
        "small": _frame(text, 110),
        "out of focus": straight.filter(ImageFilter.GaussianBlur(2.2)),
        "dark and noisy": _noisy(ImageEnhance.Brightness(straight).enhance(0.3), 40),
        "pale": ImageEnhance.Contrast(straight).enhance(0.25),
        "from the side": _from_the_side(straight),
        "with a shine": _shine(straight),
        "no label in it": _noisy(Image.new("RGB", FRAME_SIZE, (120, 120, 110)), 60),
    }
    return [(name, _address(frame)) for name, frame in frames.items()]


def _frame(text: str, side: int) -> Image.Image:
    """A label somewhere on a grey rack."""
    symbol = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    symbol.add_data(text)
    symbol.make(fit=True)
    label = symbol.make_image().convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    frame = _noisy(Image.new("RGB", FRAME_SIZE, (150, 140, 120)), 10)
    pen = ImageDraw.Draw(frame)
    for at in range(0, FRAME_SIZE[1], 60):
        pen.rectangle((40, at, 960, at + 34), outline=(60, 60, 60), fill=(90, 95, 100))
    frame.paste(label, (380, 210))
    return frame


def _noisy(frame: Image.Image, strength: int) -> Image.Image:
    return Image.blend(frame, Image.effect_noise(frame.size, strength).convert("RGB"), 0.2)


def _from_the_side(frame: Image.Image) -> Image.Image:
    return frame.transform(
        FRAME_SIZE, Image.Transform.QUAD, (60, -80, -40, 820, 1050, 700, 930, 90), Image.Resampling.BICUBIC
    )


def _shine(frame: Image.Image) -> Image.Image:
    light = Image.new("L", FRAME_SIZE, 0)
    ImageDraw.Draw(light).ellipse((430, 250, 560, 330), fill=230)
    return Image.composite(Image.new("RGB", FRAME_SIZE, "white"), frame, light.filter(ImageFilter.GaussianBlur(25)))


def _address(frame: Image.Image) -> str:
    out = BytesIO()
    frame.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
