"""Adding and changing assets, giving and replacing labels."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.assets.models import Asset, AssetStatus, Label, System
from webapp.assets.rules import kind_of, needs_keeper, place_in_order, printed_order
from webapp.assets.short_code import new_short_code, new_token
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.problems import Invalid
from webapp.people.models import Person
from webapp.sites.models import ServiceLine, Site

# what a person or a list may set; code, system and these are all there is
FIELDS = (
    "code",
    "printed_number",
    "kind",
    "name",
    "maker",
    "model",
    "unit",
    "quantity",
    "location",
    "location_en",
    "keeper",
    "supplier",
    "status",
    "is_outside_contract",
    "service_from",
    "service_to",
    "photo_rule",
    "category",
    "raw",
)
LOOKED_UP_AT_ONCE = 500


def add_asset(site: Site, system: System, fields: dict[str, Any], *, by: Person, now: datetime) -> Asset:
    """A new asset with its label. `fields` holds any of FIELDS; code and name are needed.

    Raises:
        Invalid: the code is taken, the keeper is missing, the service period ends before it starts.
    """
    lock(site.id)
    _check(fields, site_id=site.id)
    rows = db.session.execute(select(Asset.printed_number, Asset.position).where(Asset.system_id == system.id))
    last = db.session.scalar(select(func.max(Asset.position)).where(Asset.site_id == site.id)) or 0
    order = printed_order((number, position) for number, position in rows)
    asset = new_asset(site.id, system, fields, place_in_order(fields.get("printed_number", ""), order, last), now=now)
    db.session.add(asset)
    db.session.flush()
    give_label(asset, now=now)
    record(Verb.ASSET_ADDED, f"asset:{asset.id}", by=by.id, now=now, site_id=site.id, code=asset.code, name=asset.name)
    return asset


def new_asset(site_id: uuid.UUID, system: System, fields: dict[str, Any], position: int, *, now: datetime) -> Asset:
    """An asset that is not stored yet; what `fields` leaves out gets its usual value."""
    given = {name: value for name, value in fields.items() if name in FIELDS}
    given.setdefault("kind", kind_of(system.name, given["name"]).value)
    given.setdefault("status", AssetStatus.IN_USE.value)
    given.setdefault("is_outside_contract", False)
    for name in ("printed_number", "maker", "model", "unit", "location", "location_en", "keeper", "supplier", "raw"):
        given.setdefault(name, "")
    return Asset(id=uuid.uuid4(), site_id=site_id, system_id=system.id, position=position, created_at=now, **given)


def change_asset(
    asset: Asset, fields: dict[str, Any], *, system: System | None = None, by: Person, now: datetime
) -> dict[str, list[Any]]:
    """Changes what differs; the log keeps old and new of each field, which are returned. Retiring keeps the history.

    Raises:
        Invalid: as in `add_asset`.
    """
    lock(asset.site_id)
    db.session.refresh(asset, [*FIELDS, "system_id"])
    _check(fields, site_id=asset.site_id, asset=asset)
    changes = apply_changes(asset, fields, system)
    if changes:
        record(
            Verb.ASSET_CHANGED,
            f"asset:{asset.id}",
            by=by.id,
            now=now,
            site_id=asset.site_id,
            code=asset.code,
            changes=changes,
        )
    return changes


def apply_changes(asset: Asset, fields: dict[str, Any], system: System | None) -> dict[str, list[Any]]:
    """Sets what differs and tells it as field → [old, new] in plain values; the asset's system is loaded."""
    changes: dict[str, list[Any]] = {}
    for name in FIELDS:
        if name in fields and fields[name] != getattr(asset, name):
            changes[name] = [_plain(getattr(asset, name)), _plain(fields[name])]
            setattr(asset, name, fields[name])
    if system is not None and system.id != asset.system_id:
        changes["system"] = [full_name(asset.system), full_name(system)]
        asset.system = system
    return changes


def full_name(system: System) -> str:
    """A system with its service line, which is loaded."""
    return f"{system.service_line.name} · {system.name}"


def system_named(line: ServiceLine, name: str) -> System:
    """The system of that name in a service line; a new one at the end where there is none yet."""
    lock(line.site_id)
    system = db.session.scalar(select(System).where(System.service_line_id == line.id, System.name == name))
    if system is None:
        last = db.session.scalar(select(func.max(System.position)).where(System.service_line_id == line.id)) or 0
        system = System(id=uuid.uuid4(), site_id=line.site_id, service_line_id=line.id, position=last + 1, name=name)
        system.service_line = line
        db.session.add(system)
        db.session.flush()
    return system


def give_label(asset: Asset, *, now: datetime) -> Label:
    """A label for an asset that has none."""
    return give_labels([asset], now=now)[0]


def give_labels(assets: Sequence[Asset], *, now: datetime) -> list[Label]:
    """One new label for each asset, with codes that no other label has."""
    codes = _fresh_codes(len(assets))
    labels = [
        Label(id=uuid.uuid4(), asset_id=asset.id, token=new_token(), short_code=code, created_at=now)
        for asset, code in zip(assets, codes, strict=True)
    ]
    db.session.add_all(labels)
    db.session.flush()
    return labels


def replace_label(asset: Asset, *, by: Person, now: datetime) -> Label:
    """A new label; the lost one is kept and says from now on that it was replaced. The asset's labels are loaded."""
    lock(asset.site_id)
    for label in asset.labels:
        if label.replaced_at is None:
            label.replaced_at = now
    fresh = give_label(asset, now=now)
    record(Verb.LABEL_REPLACED, f"asset:{asset.id}", by=by.id, now=now, site_id=asset.site_id, code=asset.code)
    return fresh


def lock(site_id: uuid.UUID) -> None:
    """Two people who change one site's list wait for each other (SQLite: the transaction does that already)."""
    db.session.execute(select(Site.id).where(Site.id == site_id).with_for_update())


def _check(fields: dict[str, Any], *, site_id: uuid.UUID, asset: Asset | None = None) -> None:
    problems: dict[str, list[str]] = {}
    for name, message in field_problems(fields, asset):
        problems.setdefault(name, []).append(message)
    other = select(Asset.id).where(Asset.site_id == site_id, Asset.code == fields.get("code"))
    if db.session.scalar(other.where(Asset.id != asset.id) if asset else other):
        problems["code"] = [_("Another asset of this command centre has this code already.")]
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)


def field_problems(fields: dict[str, Any], asset: Asset | None = None) -> Iterable[tuple[str, str]]:
    """What cannot be true of an asset with these fields (the rest as it is now): field and message."""

    def value(name: str, usual: Any = None) -> Any:
        return fields[name] if name in fields else getattr(asset, name) if asset is not None else usual

    if not value("code"):
        yield "code", _("The code is missing.")
    if not value("name"):
        yield "name", _("The name is missing.")
    if needs_keeper(value("status", AssetStatus.IN_USE.value)) and not value("keeper"):
        yield "keeper", _("An asset in use or standby needs a keeper by name.")
    starts_on, ends_on = value("service_from"), value("service_to")
    if starts_on and ends_on and ends_on < starts_on:
        yield "service_to", _("The service period ends before it starts.")


def _fresh_codes(count: int) -> list[str]:
    fresh: set[str] = set()
    while len(fresh) < count:
        made = {new_short_code() for _unused in range(min(count - len(fresh), LOOKED_UP_AT_ONCE))}
        taken = set(db.session.scalars(select(Label.short_code).where(Label.short_code.in_(made))))
        fresh |= made - taken
    return list(fresh)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
