"""What all papers of a month have in common: names, numbers, the zone of their times, parties, places to sign."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.documents.models import Kind
from webapp.documents.paper import Block, Heading, Paper, Party, Photos, Picture, SealMark, SignatureBox, Signatures
from webapp.kit.clock import Month
from webapp.kit.language import full_day, language, month_name
from webapp.reports.words import day_span

PREFIXES = {  # 计划, 报告, 记录, 联调, 隐患, 分析, 维护, 资料包
    Kind.PLAN: "JH",
    Kind.REPORT: "BG",
    Kind.SHEETS: "JL",
    Kind.JOINT_TEST: "LT",
    Kind.HAZARDS: "YH",
    Kind.FAULTS: "FX",
    Kind.MAINTENANCE: "WH",
    Kind.BUNDLE: "ZL",
}


@dataclass(frozen=True)
class Frame:
    """What a builder needs beside its object. `pictures`: file id → small picture on disk; None where it is lost."""

    site_code: str
    site_name: str
    timezone: str
    month: Month
    client: str
    provider: str
    version: int
    is_demo: bool
    public_url: str
    now: datetime
    pictures: Mapping[uuid.UUID, Path | None] = field(default_factory=dict)

    def at(self, moment: datetime | None) -> datetime | None:
        """A moment on the wall clock of the command centre."""
        return moment.astimezone(ZoneInfo(self.timezone)) if moment else None

    def at_text(self, moment: datetime | None) -> str:
        """2026-11-18 09:43; empty where there is none."""
        here = self.at(moment)
        return here.strftime("%Y-%m-%d %H:%M") if here else ""

    def picture(self, file_id: uuid.UUID, caption: str) -> Picture:
        """A photo or signature under its caption."""
        return Picture(self.pictures.get(file_id), caption)

    def paper(
        self, kind: Kind, blocks: Iterable[Block], *, as_of: datetime | None = None, is_across: bool = False
    ) -> Paper:
        """The paper of one kind around its blocks."""
        number = number_of(self.site_code, self.month, kind, self.version)
        period = day_span(self.month.first, self.month.last)
        return self._paper(title_of(kind, self.month), number, period, blocks, as_of or self.now, is_across=is_across)

    def single(self, title: str, number: str, since: datetime, blocks: Iterable[Block]) -> Paper:
        """A paper about one record that began at `since`, as it stands now."""
        return self._paper(title, f"{self.site_code}-{number}", self.at_text(since), blocks, self.now)

    def _paper(
        self, title: str, number: str, period: str, blocks: Iterable[Block], as_of: datetime, *, is_across: bool = False
    ) -> Paper:
        return Paper(
            title=title,
            number=number,
            period=period,
            site_name=self.site_name,
            parties=(Party(_("Client (party A)"), self.client), Party(_("Provider (party B)"), self.provider)),
            as_of=self.at(as_of) or as_of,
            made_at=full_day((self.at(self.now) or self.now).date()),
            blocks=tuple(blocks),
            is_across=is_across,
            is_demo=self.is_demo,
        )

    def seal(self, number: int, digest: str, sealed_at: datetime) -> SealMark:
        """The seal over a record, with the address that verifies it."""
        return SealMark(number, digest, self.at_text(sealed_at), f"{self.public_url}/verify/{digest}")


def name_of(kind: Kind) -> str:
    """What a document is called."""
    names = {
        Kind.PLAN: _("Monthly inspection plan"),
        Kind.REPORT: _("Monthly inspection report"),
        Kind.SHEETS: _("Inspection record sheets"),
        Kind.JOINT_TEST: _("Monthly joint-test report"),
        Kind.HAZARDS: _("Hazard list"),
        Kind.FAULTS: _("Fault analysis reports"),
        Kind.MAINTENANCE: _("Maintenance and analysis tables"),
        Kind.BUNDLE: _("Bundle of the month"),
    }
    return names[kind]


def title_of(kind: Kind, month: Month) -> str:
    """What stands above it: 月度巡检报告（2026年11月）."""
    return _("%(name)s (%(month)s)", name=name_of(kind), month=month_name(month.first))


def number_of(site_code: str, month: Month, kind: Kind, version: int) -> str:
    """SG-202611-BG-02: command centre, month, kind, version."""
    return f"{site_code}-{month.year:04d}{month.month:02d}-{PREFIXES[kind]}-{version:02d}"


def file_name_of(client: str, month: Month, kind: Kind, ending: str) -> str:
    """韶关市应急管理局_2026年11月_月度巡检报告.docx; signs that file systems refuse become a line."""
    plain = "".join("_" if sign in '\\/:*?"<>|' or sign < " " else sign for sign in client).strip() or "xunjian"
    return f"{plain}_{month_name(month.first).replace(' ', '-')}_{name_of(kind)}.{ending}"


class Numbering:
    """Counts the headings of a paper: 一、二、三."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, text: str) -> Heading:
        self.number += 1
        return Heading(f"{in_chinese(self.number)}、{text}" if language() == "zh" else f"{self.number}. {text}")


def in_chinese(number: int) -> str:
    """1 to 99 as headings count: 一, 十, 十二, 二十一."""
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return digits[ones]
    return f"{digits[tens] if tens > 1 else ''}十{digits[ones] if ones else ''}"


def both_sides(frame: Frame, provider: Sequence[str] = (), bureau: Sequence[str] = ()) -> Signatures:
    """Places for both sides to sign and stamp; what the app knows of each stands in small print."""
    return Signatures(
        (
            SignatureBox(_("Drawn up by (provider)"), frame.provider, note="\n".join(provider)),
            SignatureBox(_("Checked by (bureau)"), frame.client, note="\n".join(bureau)),
        )
    )


def appendix(head: Numbering, pictures: Sequence[Picture]) -> list[Block]:
    """The appendix of photos; nothing where there are none."""
    return [head(_("Appendix: photos")), Photos(_("Photos"), tuple(pictures))] if pictures else []


def day_text(day: date | None) -> str:
    """2026-11-18, as tables print it; empty where there is none."""
    return day.isoformat() if day else ""
