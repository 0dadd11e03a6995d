"""When something happened: what a device claims, corrected; what a person types, in the zone of the site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.kit.problems import Invalid
from webapp.sites.models import Site
from webapp.sync.actions import Sending

CLOCK_TOLERANCE = timedelta(minutes=10)  # how far ahead of the server a typed time may be
CLOCK_TRUSTED = timedelta(minutes=1)  # how far off a device's clock may be before its times are corrected


def told_at(fields: Mapping[str, Any], name: str, site: Site, skew: timedelta, now: datetime) -> datetime:
    """When it was, by the field `name`: as typed, else when it was written on the device (`claimed_at`), else now.

    A typed time after the writing is a slip; then the time of writing counts.

    Raises:
        Invalid: it is typed into a page of the server, and lies ahead.
    """
    typed = fields.get(name)
    if "claimed_at" not in fields:
        return _typed(typed, name, site, now)
    written = true_moment(fields["claimed_at"], skew, now)
    return written if typed is None else min(in_zone(typed, site), written)


def skew_of(sending: Sending, now: datetime) -> timedelta:
    """How far the clock of the sending device was ahead, however far; zero where it was not measured."""
    return sending.sent_at - now if sending.sent_at else timedelta()


def true_moment(claimed: datetime, skew: timedelta, now: datetime) -> datetime:
    """When something of the field happened: as the device claims, never after `now`.

    Where its clock was measured to be more than a minute off when it sent, the moment is moved by that. Inspections
    are believed up to five minutes; but half of a limit of ten minutes must not lie in how a phone is set. What is
    less than a minute may as well be the way through the network.
    """
    return min(claimed if abs(skew) <= CLOCK_TRUSTED else claimed - skew, now)


def in_zone(moment: datetime, site: Site) -> datetime:
    """A moment without zone is the wall clock of the site."""
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(site.timezone))


def _typed(claimed: datetime | None, name: str, site: Site, now: datetime) -> datetime:
    if claimed is None:
        return now
    moment = in_zone(claimed, site)
    if moment > now + CLOCK_TOLERANCE:
        why = _("That time has not come yet.")
        raise Invalid(_("%(field)s: %(why)s", field=_("Time"), why=why), fields={name: [why]})
    return min(moment, now)
