"""The public page behind the QR symbol of a sealed document."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, request, url_for
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from webapp.extensions import db
from webapp.kit.access import open_to_all
from webapp.kit.language import show_times_of
from webapp.kit.respond import page
from webapp.seals.models import Seal
from webapp.seals.queries import seal_with_digest
from webapp.seals.rules import MONTH
from webapp.sites.access import current_site, memberships
from webapp.sites.models import Site
from webapp.verify.check import check_seal
from webapp.verify.limits import asked
from webapp.verify.rules import Break, Verdict, verdict_of

verify = Blueprint("verify", __name__, url_prefix="/verify")
RECORDS = {"visit": ("visits.show", "visit_id"), "joint_test": ("jointtests.show", "test_id")}


@dataclass(frozen=True)
class Shown:
    """What the page says of a seal: to everybody; `breaks`, `signers`, `url` only to members of the site."""

    seal: Seal
    site: Site
    verdict: Verdict
    day: str
    month: str
    breaks: list[Break]
    signers: list[Signer]
    url: str


@dataclass(frozen=True)
class Signer:
    """One signature as it was sealed. `brought_by`: on whose device, where it was not given under the own account."""

    name: str
    capacity: str
    signed_at: datetime | None
    brought_by: str
    confirmed_at: datetime | None
    is_technicians_device: bool


@verify.get("/<seal>")
@open_to_all
def show(seal: str) -> Response:
    """Whether a sealed record is unchanged. Anybody may ask; details are for members of the site."""
    if asked.is_over(request.remote_addr or "", time.monotonic()):
        raise TooManyRequests(retry_after=60)
    found = seal_with_digest(seal.lower())
    if found is None:
        return page("verify/unknown.html", status=404, asked=seal[:80])
    shown = _shown(found)
    show_times_of(shown.site.timezone)
    return page("verify/show.html", shown=shown, Verdict=Verdict)


def _shown(seal: Seal) -> Shown:
    site = db.session.get_one(Site, seal.site_id)
    breaks = check_seal(seal).breaks
    is_member = current_user.is_authenticated and site.id in memberships(current_user)
    content = _readable(seal.content)
    endpoint, name = RECORDS.get(seal.kind, ("", ""))
    where: dict[str, Any] = {name: seal.record_id}
    month = str(content.get("month", "")) if seal.kind == MONTH else ""
    if month and is_member and current_site().id == site.id:  # the page of a month shows the current command centre
        endpoint, where = "reports.month", {"month": month}
    return Shown(
        seal=seal,
        site=site,
        verdict=verdict_of(breaks),
        day=str(content.get("day", "")),
        month=month,
        breaks=breaks if is_member else [],
        signers=[_signer(each, content) for each in content.get("signatures", [])] if is_member else [],
        url=url_for(endpoint, **where) if is_member and endpoint else "",
    )


def _signer(signature: Any, content: dict[str, Any]) -> Signer:
    """A damaged text may hold anything at all; what is no signature shows as an empty line."""
    each = _part(signature)
    bringer = _part(each.get("brought_by"))
    return Signer(
        name=str(each.get("name", "")),
        capacity=str(each.get("capacity", "")),
        signed_at=_moment(each.get("signed_at")),
        brought_by=str(_part(bringer.get("printed")).get("name", "")),
        confirmed_at=_moment(each.get("confirmed_at")),
        is_technicians_device=bringer.get("id") == _part(content.get("technician")).get("id"),
    )


def _part(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _readable(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
