"""Whether a device is under contract on a day: what the bureau looks at before it passes a fault on (R57, R21, R22)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date

from webapp.assets.models import Asset
from webapp.assets.queries import period_of


class Cover(enum.StrEnum):
    """How a device stands to the contract."""

    UNDER = "under"
    BEFORE = "before"  # its service has not begun
    OVER = "over"  # its service has ended
    OUTSIDE = "outside"  # listed, but no part of the contract


@dataclass(frozen=True)
class Covered:
    """A device on a day, with the list it stands in and the days of its service."""

    cover: Cover
    line: str
    starts_on: date
    ends_on: date

    @property
    def is_under(self) -> bool:
        """Whether the contract counts for it."""
        return self.cover is Cover.UNDER


def covered(asset: Asset, day: date) -> Covered:
    """How the device stood to the contract on that day, by the list. Its system and service line must be loaded."""
    starts_on, ends_on = period_of(asset)
    cover = Cover.UNDER
    if asset.is_outside_contract:
        cover = Cover.OUTSIDE
    elif day < starts_on:
        cover = Cover.BEFORE
    elif day > ends_on:
        cover = Cover.OVER
    return Covered(cover, asset.system.service_line.name, starts_on, ends_on)
