"""The text of a closed month: the summary written down and read back, and what is sealed of it."""

from __future__ import annotations

import json
import types
import uuid
from dataclasses import asdict, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from flask_babel import gettext as _

from webapp.extensions import db
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.problems import NotFound
from webapp.people.queries import names_of
from webapp.reports.models import ClosedMonth
from webapp.reports.plan_coverage import settled
from webapp.reports.summary import MonthlySummary
from webapp.seals.rules import MONTH
from webapp.sites.models import Site

FORM = 1  # number of this layout of the content
LIVE = ("closing", "addenda")  # added when a closed month is shown, never part of what was closed
# not what happened in the month, or moving on while nothing happens
ABOUT = (*LIVE, "as_of", "phase", "gaps", "past", "last_month", "comment", "steps", "fault_figures")

Received = dict[str, list[str]]  # kind of record → the names of those that had been received


def content_text(
    summary: MonthlySummary, received: Received, unsent: list[dict[str, Any]], *, is_accepted: bool | None = None
) -> str:
    """What is kept of a month that is handed in or closed, as canonical JSON."""
    plain = {name: value for name, value in asdict(summary).items() if name not in LIVE}
    accepted = {} if is_accepted is None else {"accepted": is_accepted}
    return canonical_json({"summary": plain, "received": received, "unsent": unsent, **accepted})


def digest_of(summary: MonthlySummary) -> str:
    """The digest of what a month says: the same records give the same digest, whoever asks and when."""
    timeless = replace(summary, plan=settled(summary.plan) if summary.plan else None)
    return sha256_hex(canonical_json({name: value for name, value in asdict(timeless).items() if name not in ABOUT}))


def summary_in(content: dict[str, Any]) -> MonthlySummary:
    """The summary as it was closed. Fields that are younger than the text have their defaults."""
    found: MonthlySummary = _read(MonthlySummary, content["summary"])
    return found


def received_in(content: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """(Kind, name) of every record that had been received when the month was closed."""
    return frozenset((kind, name) for kind, names in content["received"].items() for name in names)


def content_of(record_id: uuid.UUID) -> dict[str, Any]:
    """What is sealed of a closed month, from its row as it stands now.

    Raises:
        NotFound: there is no such closed month.
    """
    closed = db.session.get(ClosedMonth, record_id, populate_existing=True)
    if closed is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    site = db.session.get_one(Site, closed.site_id)
    by = closed.closed_by
    return {
        "kind": MONTH,
        "form": FORM,
        "id": closed.id,
        "site": {"id": site.id, "printed": {"code": site.code, "name": site.name}},
        "month": closed.month,
        "closed_at": closed.closed_at,
        "closed_by": {"id": by, "printed": {"name": names_of({by}).get(by, "")}} if by else None,
        "reason": closed.reason,
        "figures": closed.figures,
        **json.loads(closed.content),
    }


def _read(kind: Any, value: Any) -> Any:
    """A value of a declared type from plain JSON."""
    if value is None:
        return None
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], inner) for name, inner in value.items() if name in hints})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read(next(each for each in arguments if each is not types.NoneType), value)
    if origin is tuple:
        inside = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_read(each, inner) for each, inner in zip(inside, value, strict=True))
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, uuid.UUID | Decimal | Enum):
        return kind(value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
