"""What counts as a photo: by content, whole, and small enough to be handled."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from PIL import Image

from webapp.config import ROOT
from webapp.files.images import LARGEST_FILE, NotAPicture, TooLarge, drawn, examine


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "navy").save(out, kind, **more)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that would unpack to width × height pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_photos_are_known_by_their_content(context, kind, media_type):
    found = examine(picture(kind))
    assert (found.media_type, found.width, found.height) == (media_type, 64, 48)


REFUSED = {
    "nothing": b"",
    "text": b"hello, this is no photo at all",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": picture("GIF"),
    "gif polyglot": b"GIF89a/*" + b"*/=1;alert(1)//" + b"\0" * 64,
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "heic": b"\0\0\0\x18ftypheic" + b"\0" * 200,
    "moving webp": picture("WEBP", save_all=True, append_images=[Image.new("RGB", (64, 48), "red")]),
    "cut-off jpeg": picture("JPEG", (400, 300))[:-200],
    "cut-off png": picture("PNG", (400, 300))[:-40],
    "only a jpeg header": picture("JPEG")[:30],
    "png with a wrong checksum": picture("PNG").replace(b"IDAT", b"IDAX"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_a_message(context, name):
    with pytest.raises(NotAPicture) as refused:
        examine(REFUSED[name])
    assert refused.value.message


def test_a_heic_photo_is_told_what_to_do(context):
    with pytest.raises(NotAPicture, match="HEIC"):
        examine(REFUSED["heic"])


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (65_000, 65_000), (5_000, 4_000)])
def test_decompression_bombs_are_refused_from_their_header(context, width, height):
    with pytest.raises(TooLarge):
        examine(png_that_claims(width, height))


MEASURED = """
import resource, sys
from webapp.files.images import drawn, examine
data = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = examine(data)
drawn(data, 1600)
print(found.width, found.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_jpeg_of_forty_megapixels_is_taken_without_eating_memory(tmp_path):
    """Read whole it would take 120 MB."""
    path = tmp_path / "large.jpg"
    path.write_bytes(picture("JPEG", (8000, 5000)))
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    width, height, kilobytes = map(int, done.stdout.split())
    assert (width, height) == (8000, 5000)
    assert kilobytes < 40_000


@pytest.mark.parametrize(
    ("size", "more", "limit"), [((8200, 6200), {}, "50"), ((5000, 4000), {"progressive": True}, "16")]
)
def test_a_jpeg_with_more_pixels_than_can_be_handled_is_refused(context, size, more, limit):
    with pytest.raises(TooLarge, match=limit):
        examine(picture("JPEG", size, **more))


def test_more_bytes_than_allowed_are_refused(context):
    with pytest.raises(TooLarge, match="20 MB"):
        examine(picture() + b"\0" * LARGEST_FILE)


def with_exif(orientation: int = 6) -> bytes:
    image = Image.new("RGB", (60, 40), "navy")
    exif = image.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = "Phone\0Maker"
    exif.get_ifd(0x8825)[2] = (24.0, 48.0, 36.0)
    exif.get_ifd(0x8769)[0x9003] = "2026:11:18 09:43:00"
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_the_cameras_data_is_kept_as_text_and_sizes_are_upright(context):
    found = examine(with_exif())
    assert (found.width, found.height) == (40, 60)
    assert found.exif["DateTimeOriginal"] == "2026:11:18 09:43:00"
    assert "GPSLatitude" in found.exif
    assert all(isinstance(value, str) and "\0" not in value for value in found.exif.values())


def test_what_is_shown_is_upright_and_carries_no_metadata(context):
    shown = Image.open(BytesIO(drawn(with_exif(), 240)))
    assert shown.size == (40, 60)
    assert not shown.getexif()
    assert "exif" not in shown.info


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "CMYK"])
def test_every_kind_of_colours_can_be_shown(context, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("RGBA", (30, 20), (255, 0, 0, 0)).convert(mode) if mode != "CMYK" else Image.new(mode, (30, 20))
    out = BytesIO()
    image.save(out, kind)
    examine(out.getvalue())
    assert Image.open(BytesIO(drawn(out.getvalue(), 240))).format == "JPEG"


def test_transparent_parts_become_white_as_on_paper(context):
    shown = Image.open(BytesIO(drawn(picture("PNG", mode="RGBA").replace(b"", b""), 240)))
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert Image.open(BytesIO(drawn(out.getvalue(), 240))).getpixel((5, 5)) == (255, 255, 255)
    assert shown.format == "JPEG"
