"""What a picture is: checked cheaply when it arrives, drawn small for showing. Nothing here touches the store.

Limits: 20 MB per file. A baseline JPEG may have 50 megapixels, because it is read at an eighth of its size; anything
that can only be read whole (progressive JPEG, PNG, WebP) may have 16, so that no upload takes more than some 100 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask_babel import gettext as _
from PIL import ExifTags, Image, ImageOps

from webapp.kit.problems import Problem

LARGEST_FILE = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000
MOST_PIXELS_READ_WHOLE = 16_000_000
LONGEST_EXIF_TEXT = 200

FORMATS = ["JPEG", "PNG", "WEBP"]
MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SHAPES = {"display": 1600, "thumbnail": 240}  # longest side in pixels
TURNED = range(5, 9)  # EXIF orientations that swap width and height
BROKEN = (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError, EOFError, ArithmeticError, MemoryError)


class NotAPicture(Problem):
    """The bytes are no picture that can be kept (415)."""

    status = 415
    default_code = "not_a_picture"


class TooLarge(Problem):
    """Too many bytes or pixels (413)."""

    status = 413
    default_code = "too_large"


@dataclass(frozen=True)
class Picture:
    """What is known of a checked picture; width and height as a person sees it, upright."""

    media_type: str
    width: int
    height: int
    exif: dict[str, Any]


def examine(data: bytes) -> Picture:
    """Checks by content that the bytes are one whole JPEG, PNG or WebP picture.

    Raises:
        TooLarge: more bytes or pixels than the limits above.
        NotAPicture: another kind of file, moving, empty, cut off or damaged.
    """
    if not data:
        raise NotAPicture(_("The file is empty. Please take the photo again."))
    check_size(len(data))
    image = _open(data)
    _check_pixels(image)
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise NotAPicture(_("Moving pictures cannot be kept. Please send a photo."))
    media_type, size, exif = MEDIA_TYPES[image.format or ""], image.size, _exif(image)
    try:
        image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()
    except BROKEN:
        raise NotAPicture(_("The picture is cut off or damaged. Please send it again.")) from None
    width, height = reversed(size) if _orientation(exif) in TURNED else size
    return Picture(media_type, width, height, exif)


def check_size(count: int) -> None:
    """Raises TooLarge for more bytes than one file may have."""
    if count > LARGEST_FILE:
        raise TooLarge(
            _("The file is larger than %(n)s MB. Please send a smaller one.", n=LARGEST_FILE // 1024 // 1024)
        )


def drawn(data: bytes, longest_side: int) -> bytes:
    """A JPEG for showing: upright, at most `longest_side` pixels, without any metadata."""
    image: Image.Image = _open(data)
    image.draft("RGB", (longest_side, longest_side))
    image = ImageOps.exif_transpose(image)
    image.thumbnail((longest_side, longest_side))
    flat = Image.new("RGB", image.size, "white")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        flat.paste(image, mask=image.getchannel("A"))
    else:
        flat.paste(image.convert("RGB"))
    out = BytesIO()
    flat.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_many_pixels(MOST_PIXELS) from None
    except BROKEN:
        raise NotAPicture(_what_instead(data)) from None


def _what_instead(data: bytes) -> str:
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif", b"ftypmsf1"):
        return _("HEIC photos cannot be kept. Set the phone's camera to JPEG (most compatible) and take it again.")
    return _("This is no photo. Please send a JPEG, PNG or WebP picture.")


def _check_pixels(image: Image.Image) -> None:
    is_read_small = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
    most = MOST_PIXELS if is_read_small else MOST_PIXELS_READ_WHOLE
    if image.width * image.height > most:
        raise _too_many_pixels(most)


def _too_many_pixels(most: int) -> TooLarge:
    return TooLarge(
        _("The picture has more than %(n)s million pixels. Please choose a smaller size.", n=most // 1_000_000)
    )


def _orientation(exif: dict[str, Any]) -> int:
    text = str(exif.get("Orientation", "1"))
    return int(text) if text.isdigit() else 1


def _exif(image: Image.Image) -> dict[str, Any]:
    """The camera's data as texts by name, without binary blocks. Damaged data is left out, the picture stays good."""
    found: dict[str, Any] = {}
    try:
        exif = image.getexif()
        tables: list[tuple[Any, dict[int, str]]] = [
            (exif, ExifTags.TAGS),
            (exif.get_ifd(ExifTags.IFD.Exif), ExifTags.TAGS),
            (exif.get_ifd(ExifTags.IFD.GPSInfo), ExifTags.GPSTAGS),
        ]
        for table, names in tables:
            for tag, value in table.items():
                if tag in names and not isinstance(value, bytes | dict):
                    found[names[tag]] = _clean(value)
    except (*BROKEN, AttributeError, RuntimeError):
        return found
    return found


def _clean(value: Any) -> str:
    """A text that every database takes: no zero characters, no half surrogates, not endless."""
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return text.strip()[:LONGEST_EXIF_TEXT]
