"""The form of a report: what its page shows, and what a report names as its source. Rooms above fill it in, too."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.assets.queries import find
from webapp.extensions import db
from webapp.faults.cover import covered
from webapp.faults.models import Finding
from webapp.faults.queries import strictest_photo_rule
from webapp.faults.schemas import CHANNELS
from webapp.kit.clock import local_day
from webapp.sites.models import PhotoRule, Site


def form_context(site: Site, asset: Asset | None, asked: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What `faults/new.html` needs but for what is taken over. `asked["q"]`: words to find the device."""
    rule = (asset.photo_rule or site.photo_rule) if asset else strictest_photo_rule(site)
    return {
        "asset": asset,
        "asked": asked,
        "channels": CHANNELS,
        "found": find(site.id, asked["q"]) if asked["q"] and not asset else None,
        "target": site,
        "cover": covered(asset, local_day(now, site.timezone)) if asset else None,
        "photo_rule": rule,
        "may_take": (rule if asset else site.photo_rule) != PhotoRule.FORBIDDEN,
    }


def source_of_report(report_id: uuid.UUID, fields: Mapping[str, Any], site: Site) -> str:
    """What a report comes from: a free note, a call, or nothing but itself.

    The first report of a call bears the name of the call alone, so that the call finds it by index; the site row is
    locked for that. A further one of the same call is never refused, it bears its own name as well.
    """
    if "note" in fields:
        return f"note:{fields['note']}:{report_id}"
    if "call" not in fields:
        return f"report:{report_id}"
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
    call = f"call:{fields['call']}"
    is_taken = db.session.scalar(select(Finding.id).where(Finding.source == call)) is not None
    return f"{call}:{report_id}" if is_taken else call
