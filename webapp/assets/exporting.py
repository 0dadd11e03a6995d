"""An equipment list going out: the columns that import reads, one line for each asset in printed order."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from webapp.assets.columns import COLUMNS, Column
from webapp.assets.models import Asset
from webapp.assets.queries import assets_of
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.kit.problems import Refused
from webapp.kit.spreadsheet import Cell, Sheet, csv_of, xlsx_of
from webapp.people.models import Person
from webapp.sites.access import may
from webapp.sites.models import Site
from webapp.sites.rules import Right

FORMATS = ("csv", "xlsx")


def may_export(person: Person, site: Site) -> bool:
    """Whether the person may take the list out: who exports, and who edits it (R126)."""
    return may(person, Right.EXPORT, site.id) or may(person, Right.EDIT_ASSETS, site.id)


def require_export(person: Person, site: Site) -> None:
    """Raises Refused where `may_export` says no."""
    if not may_export(person, site):
        raise Refused(_("Your role in this command centre does not allow that."))


def export_list(site: Site, kind: str, *, language: str, by: Person | None, now: datetime) -> bytes:
    """The whole list, retired assets too, as CSV or XLSX with headings in that language. Logged (R126)."""
    assets = assets_of(site.id, include_retired=True)
    record(
        Verb.ASSETS_EXPORTED,
        f"site:{site.id}",
        by=by.id if by else None,
        now=now,
        site_id=site.id,
        kind=kind,
        rows=len(assets),
    )
    return table(site, assets, kind, language=language)


def table(site: Site, assets: list[Asset], kind: str, *, language: str) -> bytes:
    """The bytes of a list; with no assets the empty form to fill in."""
    headings = [column.zh if language == "zh" else column.name for column in COLUMNS]
    rows = [[_cell(column, site, asset, language) for column in COLUMNS] for asset in assets]
    return csv_of(headings, rows) if kind == "csv" else xlsx_of([Sheet(site.short_name, headings, rows)])


def _cell(column: Column, site: Site, asset: Asset, language: str) -> Cell:
    if column.field:
        return column.write(getattr(asset, column.field), language)
    leading = {"site": site.name, "section": asset.system.service_line.name, "system": asset.system.name}
    return leading[column.name]
