"""The document rows: two hundred lines with fifty photos, and three hundred photos, in each format.

Each file is written by a process of its own, so that its peak of memory is that of this file alone.

    python -m tests.bench.documents FORMAT ROWS PHOTOS FOLDER    writes one file; prints seconds, bytes, kilobytes
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw

from tests.bench.results import Result, at_most, failed, plain
from webapp.config import ROOT

GROUP = "Documents: one file, made by a process of its own"
FORMATS = ("pdf", "docx", "xlsx", "html")
CASES = ((200, 50), (10, 300))
SECONDS = {"pdf": 10, "docx": 20, "xlsx": 10, "html": 10}
MEGABYTES = 300  # of memory, the interpreter and the app among them
LONGEST = 600


def measure() -> list[Result]:
    """All rows. The photos are drawn once, as large as papers keep them."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="xunjian-papers-") as name:
        folder = Path(name)
        _draw_photos(folder, max(photos for _rows, photos in CASES))
        idle = _write("none", 0, 0, folder)
        results.append(plain(GROUP, "the app alone: peak of memory", [idle[2] / 1024], "MB"))
        for rows, photos in CASES:
            for form in FORMATS:
                results += _case(form, rows, photos, folder)
    return results


def _case(form: str, rows: int, photos: int, folder: Path) -> list[Result]:
    case = f"{rows} rows, {photos} photos, {form}"
    try:
        seconds, size, peak = _write(form, rows, photos, folder)
    except (subprocess.SubprocessError, ValueError) as error:
        return [failed(GROUP, case, str(error)[:150])]
    return [
        at_most(GROUP, f"{case}: time", SECONDS[form], [seconds], "s", digits=1),
        at_most(GROUP, f"{case}: peak of memory", MEGABYTES, [peak / 1024], "MB"),
        plain(GROUP, f"{case}: size", [size / 1e6], "MB", digits=1),
    ]


def _write(form: str, rows: int, photos: int, folder: Path) -> tuple[float, int, int]:
    command = [sys.executable, "-m", "tests.bench.documents", form, str(rows), str(photos), str(folder)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=LONGEST)
    seconds, size, peak = said.stdout.split()[-3:]
    return float(seconds), int(size), int(peak)


def _draw_photos(folder: Path, count: int) -> None:
    """Photos with more in them than real ones have: some 260 kB each."""
    for nth in range(count):
        image = Image.effect_noise((900, 675), 60).convert("RGB")
        ImageDraw.Draw(image).text((40, 40), f"photo {nth}", fill="white")
        image.save(folder / f"{nth}.jpg", "JPEG", quality=60)


def _one_file(form: str, rows: int, photos: int, folder: Path) -> None:
    from flask_babel import force_locale

    from tests.conftest import make_app
    from webapp.documents.collect import write
    from webapp.documents.models import Format

    app = make_app("sqlite://", folder / "data")
    with app.app_context(), force_locale("zh"):
        began, size = time.monotonic(), 0
        if form != "none":
            target = folder / f"written.{form}"
            write(_paper(rows, photos, folder), Format(form), target)
            size = target.stat().st_size
        seconds = time.monotonic() - began
    sys.stdout.write(f"{seconds:.3f} {size} {_peak()}\n")


def _peak() -> int:
    """Kilobytes, of this process alone: what getrusage says begins with the size of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _paper(rows: int, photos: int, folder: Path):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from tests.documents.papers import hard_paper
    from webapp.documents.paper import Photos, Picture

    paper = hard_paper(folder, rows=rows, photos=0)
    pictures = tuple(Picture(folder / f"{nth}.jpg", f"第{nth}张：卫星便携站开箱入网用时超限") for nth in range(photos))
    return replace(paper, blocks=(*paper.blocks, Photos("附件：照片", pictures)))


if __name__ == "__main__":
    _one_file(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
