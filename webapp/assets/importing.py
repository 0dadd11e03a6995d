"""An equipment list from outside: first a plan of what it would change and what is wrong, then all of it or nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.assets.actions import apply_changes, field_problems, full_name, give_labels, lock, new_asset
from webapp.assets.columns import BadValue, Column, cell_of, column_called
from webapp.assets.models import Asset, System
from webapp.assets.queries import assets_of, systems_of
from webapp.assets.rules import line_called, place_in_order, printed_order
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.problems import Conflict, Invalid
from webapp.kit.spreadsheet import Row, read_table
from webapp.people.models import Person
from webapp.sites.models import ServiceLine, Site
from webapp.sites.queries import service_lines

KEPT_WHERE_BLANK = ("kind", "status")  # a blank cell of these leaves an asset as it is


@dataclass(frozen=True)
class BadCell:
    """What is wrong in a file: where, what stands there, why it cannot be used, what to do."""

    line: int
    column: str
    value: str
    why: str
    remedy: str


@dataclass(frozen=True)
class PlannedRow:
    """One good line: the asset that it changes (None: a new one), its fields, its system."""

    line: int
    asset: Asset | None
    fields: dict[str, Any]
    service_line: ServiceLine
    system: str
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class ImportPlan:
    """What importing a list would do. Nothing is stored before `carry_out`."""

    site: Site
    filename: str
    sha256: str = ""
    new: list[PlannedRow] = field(default_factory=list)
    changed: list[PlannedRow] = field(default_factory=list)
    unchanged: int = 0
    bad: list[BadCell] = field(default_factory=list)
    new_systems: list[tuple[ServiceLine, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    not_in_file: int = 0

    @property
    def changes_anything(self) -> bool:
        """Whether carrying it out would change anything."""
        return bool(self.new or self.changed)

    @property
    def digest(self) -> str:
        """Tells whether two plans would do exactly the same."""
        new = [[row.fields, row.service_line.id, row.system] for row in self.new]
        changed = [[row.asset.id, row.changes] for row in self.changed if row.asset]
        return sha256_hex(canonical_json([self.site.id, new, changed]))


def sites_in(data: bytes, filename: str) -> set[str]:
    """The command centres that the file's column "site" names; none where it has no such column.

    Raises:
        Invalid: the file as a whole cannot be read.
    """
    named = {
        cell
        for row in read_table(data, filename)
        for heading, cell in row.cells.items()
        if (column := column_called(heading)) is not None and column.name == "site"
    }
    return named - {""}


def plan_import(site: Site, data: bytes, filename: str, *, keeper: str = "") -> ImportPlan:
    """Reads a CSV or XLSX file against the assets of a site. Bad lines are in the plan, not raised.

    `keeper` is who keeps assets whose line names nobody (R121).

    Raises:
        Invalid: the file as a whole cannot be read.
    """
    plan = plan_rows(site, read_table(data, filename), filename, keeper=keeper)
    plan.sha256 = sha256_hex(data)
    return plan


def plan_rows(site: Site, rows: Sequence[Row], filename: str, *, keeper: str = "") -> ImportPlan:
    """The plan for rows that were read already."""
    return _Planner(site, filename, keeper).plan(rows)


def carry_out(plan: ImportPlan, *, by: Person | None, now: datetime) -> None:
    """Stores a plan as a whole. Call it in the transaction that made the plan, with the site locked.

    Raises:
        Invalid: the plan has bad lines; nothing is stored then.
    """
    if plan.bad:
        raise Invalid(bad_sentence(plan), code="bad_lines")
    who = by.id if by else None
    systems = _systems_for(plan)
    made = _make_assets(plan, systems, now=now)
    for asset in made:
        about = f"asset:{asset.id}"
        record(Verb.ASSET_ADDED, about, by=who, now=now, site_id=plan.site.id, code=asset.code, name=asset.name)
    for row in plan.changed:
        if row.asset is not None:
            changes = apply_changes(row.asset, row.fields, systems[row.service_line.id, row.system])
            about = f"asset:{row.asset.id}"
            record(
                Verb.ASSET_CHANGED, about, by=who, now=now, site_id=plan.site.id, code=row.asset.code, changes=changes
            )
    record(
        Verb.ASSETS_IMPORTED,
        f"site:{plan.site.id}",
        by=who,
        now=now,
        site_id=plan.site.id,
        file=plan.filename,
        sha256=plan.sha256,
        new=len(plan.new),
        changed=len(plan.changed),
        unchanged=plan.unchanged,
    )
    db.session.flush()


def import_as_seen(
    site: Site, data: bytes, filename: str, *, keeper: str, seen: str, by: Person, now: datetime
) -> ImportPlan:
    """Imports a list whose plan had the digest `seen` when somebody looked at it. A second time changes nothing.

    Raises:
        Conflict: the equipment was changed since, so that other things would happen than were shown.
    """
    lock(site.id)
    plan = plan_import(site, data, filename, keeper=keeper)
    if plan.changes_anything:
        if plan.digest != seen:
            raise Conflict(
                _("The equipment was changed since this preview. Nothing was imported. Please look at the file again.")
            )
        carry_out(plan, by=by, now=now)
    return plan


def bad_sentence(plan: ImportPlan) -> str:
    """One sentence on the bad lines of a plan."""
    return _("%(file)s has %(n)s mistakes. Nothing was imported.", file=plan.filename, n=len(plan.bad))


class _Planner:
    """Walks the rows of one file; holds what is known of the site."""

    def __init__(self, site: Site, filename: str, keeper: str) -> None:
        self.site = site
        self.keeper = keeper
        self.plan_made = ImportPlan(site, filename)
        self.lines = service_lines(site.id)
        self.systems = {(system.service_line_id, system.name) for system in systems_of(site.id)}
        self.assets = {asset.code: asset for asset in assets_of(site.id, include_retired=True)}
        self.seen: dict[str, int] = {}
        self.headings: dict[str, str] = {}  # column name → how this file calls it

    def plan(self, rows: Sequence[Row]) -> ImportPlan:
        if rows:
            self._check_headings(rows[0].cells)
        if not self.plan_made.bad:
            for row in rows:
                self._plan_row(row)
            self.plan_made.not_in_file = len(self.assets.keys() - self.seen.keys())
        return self.plan_made

    def _check_headings(self, cells: dict[str, str]) -> None:
        known = self.headings
        for heading in cells:
            column = column_called(heading)
            if column is None:
                self.plan_made.ignored.append(heading)
            elif column.name in known:
                why = _("it means the same as the column %(name)s", name=known[column.name])
                self._bad(1, heading, "", why, _("Remove one of the two columns."))
            else:
                known[column.name] = heading
        for name, zh in (("code", "编号"), ("name", "名称")):
            if name not in known:
                why = _("the column is missing")
                self._bad(1, f"{name} / {zh}", "", why, _("Add this column; its name stands in the first line."))

    def _plan_row(self, row: Row) -> None:
        before = len(self.plan_made.bad)
        cells, fields = self._read(row)
        code = fields.get("code", "")
        asset = self.assets.get(code)
        self._check_code(row.line, code)
        self._check_site(row.line, cells.get("site", ""))
        where = self._service_line(row.line, cells, asset), self._system(row.line, cells, asset)
        self._settle(fields, asset)
        if "code" in fields:
            for name, why in field_problems(fields, asset):
                remedy = _("Correct one of the two days.") if name == "service_to" else _("Fill in this cell.")
                self._bad(row.line, name, str(fields.get(name) or ""), why.rstrip(".。"), remedy)
        if len(self.plan_made.bad) == before and where[0] is not None:
            self._add(PlannedRow(row.line, asset, fields, where[0], where[1], _differences(asset, fields, *where)))

    def _read(self, row: Row) -> tuple[dict[str, str], dict[str, Any]]:
        """The cells by column name, and the asset's fields; what cannot be read is noted."""
        cells: dict[str, str] = {}
        fields: dict[str, Any] = {}
        for heading, cell in row.cells.items():
            column = column_called(heading)
            if column is None:
                continue
            text = cell_of(cell)
            try:
                value = column.read(text)
            except BadValue as bad:
                self._bad(row.line, heading, text, bad.why, bad.remedy)
                value = _placeholder(column)
            cells[column.name] = text
            if column.field:
                fields[column.field] = value
        return cells, fields

    def _settle(self, fields: dict[str, Any], asset: Asset | None) -> None:
        for name in KEPT_WHERE_BLANK:
            if fields.get(name, "") is None:
                del fields[name]
        keeper = fields.get("keeper", asset.keeper if asset else "")
        if not keeper and self.keeper:
            fields["keeper"] = self.keeper

    def _check_code(self, line: int, code: str) -> None:
        if code and code in self.seen:
            why = _("line %(line)s has this code already", line=self.seen[code])
            self._bad(line, "code", code, why, _("Give each asset a code of its own."))
        elif code:
            self.seen[code] = line

    def _check_site(self, line: int, site: str) -> None:
        if site and site not in (self.site.name, self.site.short_name, self.site.code):
            why = _("the line belongs to another command centre than %(name)s", name=self.site.name)
            self._bad(line, "site", site, why, _("Import the line there, or correct the name."))

    def _service_line(self, line: int, cells: dict[str, str], asset: Asset | None) -> ServiceLine | None:
        section = cells.get("section", "")
        if not section and asset is not None:
            return asset.system.service_line
        found = line_called(section, self.lines)
        if found is None:
            names = ", ".join(known.name for known in self.lines)
            why = _("there is no such service line") if section else _("the service line is missing")
            remedy = _(
                "Write one of: %(names)s. A new service line is set up first, because it needs its period.", names=names
            )
            self._bad(line, "section", section, why, remedy)
        return found

    def _system(self, line: int, cells: dict[str, str], asset: Asset | None) -> str:
        system = cells.get("system", "")
        if not system and asset is not None:
            return asset.system.name
        if not system:
            self._bad(line, "system", "", _("the system is missing"), _("Fill in this cell."))
        return system

    def _add(self, row: PlannedRow) -> None:
        plan = self.plan_made
        key = (row.service_line.id, row.system)
        if key not in self.systems:
            self.systems.add(key)
            plan.new_systems.append((row.service_line, row.system))
        if row.asset is None:
            plan.new.append(row)
        elif row.changes:
            plan.changed.append(row)
        else:
            plan.unchanged += 1

    def _bad(self, line: int, column: str, value: str, why: str, remedy: str) -> None:
        self.plan_made.bad.append(BadCell(line, self.headings.get(column, column), value, why, remedy))


def _placeholder(column: Column) -> Any:
    """Stands for a cell that could not be read, so that it is not reported a second time as missing."""
    return "?" if column.field in ("code", "name", "keeper") else None


def _differences(
    asset: Asset | None, fields: dict[str, Any], line: ServiceLine | None, system: str
) -> dict[str, tuple[Any, Any]]:
    if asset is None:
        return {}
    changes = {name: (getattr(asset, name), value) for name, value in fields.items() if getattr(asset, name) != value}
    was = asset.system
    if line is not None and (was.service_line_id, was.name) != (line.id, system):
        changes["system"] = (full_name(was), f"{line.name} · {system}")
    return changes


def _systems_for(plan: ImportPlan) -> dict[tuple[uuid.UUID, str], System]:
    """Every system of the site by service line and name, the new ones of the plan added in the order of the file."""
    systems = {(system.service_line_id, system.name): system for system in systems_of(plan.site.id)}
    last: dict[uuid.UUID, int] = defaultdict(int)
    for system in systems.values():
        last[system.service_line_id] = max(last[system.service_line_id], system.position)
    for line, name in plan.new_systems:
        last[line.id] += 1
        system = System(
            id=uuid.uuid4(), site_id=plan.site.id, service_line_id=line.id, position=last[line.id], name=name
        )
        system.service_line = line
        systems[line.id, name] = system
        db.session.add(system)
    db.session.flush()
    return systems


def _make_assets(plan: ImportPlan, systems: dict[tuple[uuid.UUID, str], System], *, now: datetime) -> list[Asset]:
    """The new assets of a plan with their labels, each in its place of the printed order."""
    known: dict[uuid.UUID, list[tuple[str, int]]] = defaultdict(list)
    last = 0
    for system_id, number, position in db.session.execute(
        select(Asset.system_id, Asset.printed_number, Asset.position).where(Asset.site_id == plan.site.id)
    ):
        known[system_id].append((number, position))
        last = max(last, position)
    orders = {system_id: printed_order(rows) for system_id, rows in known.items()}
    made = []
    for row in plan.new:
        system = systems[row.service_line.id, row.system]
        position = place_in_order(row.fields.get("printed_number", ""), orders.get(system.id, []), last)
        last = max(last, position)
        made.append(new_asset(plan.site.id, system, row.fields, position, now=now))
    db.session.add_all(made)
    db.session.flush()
    if made:
        give_labels(made, now=now)
    return made
