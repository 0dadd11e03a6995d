"""The scans of this browser, kept in its signed cookie: nothing is stored about who stood where."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import session

from webapp.dossiers.rules import Scan, recent, remembered

_NAME = "scans"


def recent_scans(now: datetime) -> list[Scan]:
    """The last scans of this browser, newest first."""
    return recent(_read(), now)


def remember(scan: Scan) -> None:
    """Puts a scan at the top of the list."""
    session[_NAME] = [
        [scan.asset_id.hex, int(scan.at.timestamp()), scan.old_code] for scan in remembered(_read(), scan)
    ]


def _read() -> list[Scan]:
    try:
        return [
            Scan(uuid.UUID(hex=asset_id), datetime.fromtimestamp(at, UTC), old_code)
            for asset_id, at, old_code in session.get(_NAME, [])
        ]
    except (TypeError, ValueError):  # written by another version of the app
        return []
