"""The sheet on paper in the layout of R13. Once sealed it is drawn from the sealed content, not from live rows."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from webapp.extensions import db
from webapp.files.images import SHAPES, drawn
from webapp.files.store import store
from webapp.kit.language import language
from webapp.people.models import Person
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of
from webapp.seals.rules import content_text
from webapp.sites.models import Site
from webapp.visits.queries import visit_for
from webapp.visits.rules import Capacity, capacities, into_pages, lines_needed
from webapp.visits.seal import KIND, content_of

# the printed table in tenths of a millimetre, and its columns in half characters
PAGE_ROOM, SIGNATURE_ROOM = 1620, 310
ROW, FURTHER_LINE, SMALLEST_GROUP = 66, 45, 120
CATEGORY, DEVICE, MODEL, REASON = 13, 22, 19, 32


@dataclass(frozen=True)
class PaperRow:
    """One line of the sheet."""

    system: str
    number: str
    device: str
    model: str
    checked_at: datetime | None
    state: str
    is_abnormal: bool
    reason: str

    @property
    def height(self) -> int:
        """Tenths of a millimetre that the line takes in print."""
        pairs = ((self.device, DEVICE), (self.model, MODEL), (self.reason, REASON))
        lines = max(lines_needed(text, width) for text, width in pairs)
        return ROW + FURTHER_LINE * (lines - 1)


@dataclass(frozen=True)
class PaperSignature:
    """A signature as drawn."""

    capacity: Capacity
    name: str
    signed_at: datetime
    sha256: str
    file_id: uuid.UUID
    brought_by: str = ""  # name of the person who brought it; empty: given under the signer's own account
    is_technicians_device: bool = True
    confirmed_at: datetime | None = None

    @property
    def picture(self) -> str:
        """The picture as a data: address, for documents that fetch nothing; empty where the bytes are lost."""
        try:
            data = store().served(self.sha256, "display", lambda raw: drawn(raw, SHAPES["display"]))
        except FileNotFoundError:
            return ""
        return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class PaperPage:
    """The lines of one page, category by category."""

    number: int
    rows: list[PaperRow]

    @property
    def categories(self) -> Iterator[tuple[str, list[PaperRow]]]:
        """Category → its lines; each page begins the merged cells anew."""
        for system, rows in groupby(self.rows, key=lambda row: row.system):
            yield system, list(rows)


@dataclass(frozen=True)
class Paper:
    """A sheet ready to print."""

    visit_id: uuid.UUID
    site_name: str
    timezone: str
    number: str
    day: date
    technician: str
    accompanied_by: str
    pages: list[PaperPage]
    capacities: tuple[Capacity, ...]
    signatures: dict[Capacity, PaperSignature] = field(default_factory=dict)
    seal: Seal | None = None

    @property
    def verify_url(self) -> str:
        """What the QR symbol of the seal holds."""
        if self.seal is None:
            return ""
        return f"{current_app.config['SETTINGS'].public_url}/verify/{self.seal.digest}"

    @property
    def rows(self) -> int:
        """How many lines there are on all pages."""
        return sum(len(page.rows) for page in self.pages)


def paper_for(person: Person, visit_id: uuid.UUID) -> Paper:
    """The paper of a visit. Raises NotFound like queries.visit_for."""
    visit = visit_for(person, visit_id)
    site = db.session.get_one(Site, visit.site_id)
    sealed = seal_of(KIND, visit_id)
    content: dict[str, Any] = json.loads(sealed.content if sealed else content_text(content_of(visit_id)))
    rows = [_inspected(each, content) for each in content["inspections"]]
    rows += [_omitted(each) for each in content["omissions"]]
    return Paper(
        visit_id=visit_id,
        site_name=content["site"]["printed"]["name"],
        timezone=site.timezone,
        number=sheet_number(content),
        day=date.fromisoformat(content["day"]),
        technician=content["technician"]["printed"]["name"],
        accompanied_by=content["accompanied_by"],
        pages=pages_of(rows),
        capacities=capacities(site.signatures_needed),
        signatures={Capacity(each["capacity"]): _signature(each, content) for each in content["signatures"]},
        seal=sealed,
    )


def sheet_number(content: dict[str, Any]) -> str:
    """XJ-SG-20261118-01-7F3A: site, day, the technician's sheet of that day, four digits to tell technicians apart."""
    day = content["day"].replace("-", "")
    return f"XJ-{content['site']['printed']['code']}-{day}-{content['number']:02d}-{content['id'][:4].upper()}"


def pages_of(rows: list[PaperRow]) -> list[PaperPage]:
    """The lines on pages, the last one with room for the signatures."""
    heights: list[int] = []
    for system, together in groupby(rows, key=lambda row: row.system):
        group = [row.height for row in together]
        least = max(SMALLEST_GROUP, ROW + FURTHER_LINE * (lines_needed(system, CATEGORY) - 1))
        group[-1] += max(0, least - sum(group))
        heights += group
    counts = into_pages(heights, PAGE_ROOM, PAGE_ROOM, SIGNATURE_ROOM)
    pages, start = [], 0
    for number, count in enumerate(counts, 1):
        pages.append(PaperPage(number, rows[start : start + count]))
        start += count
    return pages


def _inspected(each: dict[str, Any], content: dict[str, Any]) -> PaperRow:
    printed = each["asset"]["printed"]
    is_abnormal = each["verdict"] == "abnormal"
    return PaperRow(
        system=printed["system"],
        number=printed["number"] or printed["code"],
        device=printed["name"],
        model=" ".join(filter(None, [printed["maker"], printed["model"]])),
        checked_at=datetime.fromisoformat(each["finished_at"]),
        state=_state(each, content),
        is_abnormal=is_abnormal,
        reason="\n".join(_reasons(each)),
    )


def _state(each: dict[str, Any], content: dict[str, Any]) -> str:
    if any(other["supersedes"] == each["id"] for other in content["inspections"]):
        return _("replaced")
    if each["returns"]:
        return _("returned")
    if each["run_state"] == "stopped":
        return _("stopped")
    return _("abnormal") if each["verdict"] == "abnormal" else _("normal")


def _reasons(each: dict[str, Any]) -> Iterator[str]:
    for one in each["returns"]:
        yield _("Returned: %(reason)s", reason=one["reason"])
    if each["abnormal_units"]:
        yield _("abnormal units: %(units)s", units=_(", ").join(each["abnormal_units"]))
    if each["units_checked"] < each["units_total"]:
        facts = {"checked": each["units_checked"], "total": each["units_total"], "why": each["units_reason"]}
        yield _("%(checked)s of %(total)s units checked: %(why)s", **facts)
    for answer in each["answers"]:
        if answer["verdict"] == "abnormal":
            yield _abnormal(answer)


def _abnormal(answer: dict[str, Any]) -> str:
    printed = answer["printed"]
    item = printed.get(language()) or printed.get("zh") or answer["key"]
    done = {"fixed": _("fixed on the spot"), "fault": _("became a fault"), "hazard": _("noted as a hazard")}.get(
        answer["remedy"], ""
    )
    value = "" if answer["value"] in ("fail", "pass") else f"{answer['value']} {printed.get('unit', '')}".strip()
    parts = [item, value, answer["why"], f"{done} {printed.get('finding', '')}".strip()]
    return _(", ").join(part.strip().rstrip("。.；;，,") for part in parts if part)


def _omitted(each: dict[str, Any]) -> PaperRow:
    printed = each["asset"]["printed"]
    return PaperRow(
        system=printed["system"],
        number=printed["number"] or printed["code"],
        device=printed["name"],
        model=" ".join(filter(None, [printed["maker"], printed["model"]])),
        checked_at=None,
        state=_("not checked"),
        is_abnormal=False,
        reason=each["reason"],
    )


def _signature(each: dict[str, Any], content: dict[str, Any]) -> PaperSignature:
    bringer = each.get("brought_by")
    return PaperSignature(
        capacity=Capacity(each["capacity"]),
        name=each["name"],
        signed_at=datetime.fromisoformat(each["signed_at"]),
        sha256=each["sha256"],
        file_id=uuid.UUID(each["file"]),
        brought_by=bringer["printed"]["name"] if bringer else "",
        is_technicians_device=not bringer or bringer["id"] == content["technician"]["id"],
        confirmed_at=datetime.fromisoformat(each["confirmed_at"]) if each.get("confirmed_at") else None,
    )
