"""A paper with everything that is hard to print: two hundred rows, endless words, lost photos, control characters."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from PIL import Image

from webapp.documents.paper import (
    Align,
    Column,
    Facts,
    Heading,
    Paper,
    Paragraph,
    Party,
    Photos,
    Picture,
    RowStyle,
    SealMark,
    SignatureBox,
    Signatures,
    Table,
    TableRow,
)

DIGEST = "5f" * 32
ENDLESS = "W" * 120
CHINESE = "卫星通信指挥车动中通天线对星时间超出限值需调整俯仰角并复测" * 4


def photo(folder: Path, nth: int = 0, size: tuple[int, int] = (900, 600)) -> Path:
    path = folder / f"photo-{nth}.jpg"
    Image.new("RGB", size, (20 + nth % 200, 90, 140)).save(path, "JPEG", quality=70)
    return path


def signature(folder: Path) -> Path:
    path = folder / "signature.png"
    drawn = Image.new("RGB", (600, 200), "white")
    drawn.paste((10, 10, 60), (60, 80, 540, 110))
    drawn.save(path)
    return path


def hard_paper(folder: Path, *, rows: int = 200, photos: int = 3, is_across: bool = False) -> Paper:
    columns = (
        Column("No.", 6, Align.CENTRE),
        Column("System", 14, is_merged=True),
        Column("Device", 26),
        Column("Reason", 40),
        Column("Coverage %", 12, Align.RIGHT),
    )
    lines = [TableRow(("清单一 应急指挥调度系统",), RowStyle.GROUP)]
    lines += [
        TableRow((nth, f"系统{nth // 12}", f"设备{nth}", _reason(nth), Decimal("97.5"))) for nth in range(1, rows + 1)
    ]
    lines.append(TableRow(("", "", "合计", "", Decimal("98.1")), RowStyle.TOTAL))
    pictures = [Picture(photo(folder, nth), f"第{nth}张 {CHINESE}") for nth in range(photos)]
    return Paper(
        title="月度巡检报告（2026年10月）",
        number="SG-202610-BG-01",
        period="2026-10-01 – 2026-10-31",
        site_name="韶关市应急管理局应急指挥中心",
        parties=(Party("甲方", "韶关市应急管理局"), Party("乙方", "")),
        as_of=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        made_at="2026年11月1日",
        blocks=(
            Facts((("状态", "本月已完成"), ("版本", "1"), ("备注", CHINESE))),
            Heading("一、各系统覆盖"),
            Table("覆盖", columns, tuple(lines)),
            Heading("二、没有的"),
            Table("没有的", columns, (), "本月没有。"),
            Paragraph("第一行\n第二行 \x07 <b>&"),
            Photos("照片", (*pictures, Picture(None, "丢失的照片"))),
            Signatures(
                (
                    SignatureBox("编制（乙方）", "李建国", Picture(signature(folder), "签字"), "2026-11-01 09:30"),
                    SignatureBox("审核（甲方）", "陈志强", Picture(None, "签字")),
                    SignatureBox("批准"),
                )
            ),
            SealMark(7, DIGEST, "2026-11-01 10:00", f"http://127.0.0.1/verify/{DIGEST}"),
        ),
        is_across=is_across,
    )


def _reason(nth: int) -> str:
    if nth % 50 == 0:
        return ENDLESS
    if nth % 17 == 0:
        return CHINESE
    return "=1+1" if nth == 3 else "风扇异响，已记录"


def text_of(pdf: Path) -> str:
    return _run("pdftotext", "-layout", str(pdf), "-")


def words_of(pdf: Path) -> str:
    """Without blanks and line ends: a word may have been broken over two lines."""
    return "".join(_run("pdftotext", str(pdf), "-").split())


def pages_of(pdf: Path) -> list[str]:
    return text_of(pdf).split("\f")[:-1]


def images_of(pdf: Path) -> list[str]:
    return _run("pdfimages", "-list", str(pdf)).splitlines()[2:]


def fonts_of(pdf: Path) -> list[str]:
    return _run("pdffonts", str(pdf)).splitlines()[2:]


def pdf_from_office(document: Path, folder: Path) -> Path | None:
    """The file as LibreOffice prints it; None where it is not installed."""
    office = shutil.which("soffice")
    if office is None:
        return None
    home = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    _run(office, home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(document))
    return folder / f"{document.stem}.pdf"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=180).stdout
