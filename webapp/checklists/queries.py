"""Reading checklists: which version counts for an asset, the lists of a site, drafts, limits of one device."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from functools import cache

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.assets.models import Asset, AssetStatus
from webapp.checklists.models import Checklist, ChecklistVersion, LimitOverride
from webapp.checklists.published import PublishedVersion, published
from webapp.checklists.rules import Named, category_for
from webapp.extensions import db
from webapp.kit.problems import Conflict, NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.rules import Right


def all_checklists() -> Sequence[Checklist]:
    """All checklists in the order of the file, without their versions."""
    return db.session.scalars(select(Checklist).order_by(Checklist.position)).all()


def category_of(asset: Asset, checklists: Iterable[Named]) -> str | None:
    """Key of an asset's checklist: chosen by hand, else found by its name."""
    return asset.category or category_for(asset.name, checklists)


def version_for(asset: Asset) -> PublishedVersion | None:
    """The version an asset is inspected by today; None where no checklist fits. Two queries."""
    return versions_for([asset]).get(asset.id)


def versions_for(assets: Sequence[Asset]) -> dict[uuid.UUID, PublishedVersion]:
    """Asset id → the version it is inspected by today; left out where none fits.

    A site's own version goes before the general one. Two queries, whatever the number of assets; two more for
    versions that this process has not seen yet.
    """
    patterns = db.session.execute(
        select(Checklist.key, Checklist.match, Checklist.exclude).order_by(Checklist.position)
    ).all()
    by_name: dict[str, str | None] = {}
    keys: dict[uuid.UUID, str] = {}
    for asset in assets:
        if asset.category is None and asset.name not in by_name:
            by_name[asset.name] = category_for(asset.name, patterns)
        if key := asset.category or by_name[asset.name]:
            keys[asset.id] = key
    newest = _newest({asset.site_id for asset in assets}, set(keys.values()))
    chosen = {}
    for asset in assets:
        key = keys.get(asset.id, "")
        if found := newest.get((key, asset.site_id)) or newest.get((key, None)):
            chosen[asset.id] = found
    versions = published(dict(chosen.values()))
    return {asset_id: versions[version_id] for asset_id, (version_id, _checklist) in chosen.items()}


def current_versions(site_id: uuid.UUID | None) -> list[ChecklistVersion]:
    """The version of each checklist that counts in a site (None: the general ones), in the order of the file."""
    newest = _newest({site_id} if site_id else set(), None)
    chosen = {key: found[0] for (key, site), found in newest.items() if site is None}
    chosen |= {key: found[0] for (key, site), found in newest.items() if site is not None}
    found = db.session.scalars(
        select(ChecklistVersion)
        .where(ChecklistVersion.id.in_(chosen.values()))
        .options(joinedload(ChecklistVersion.checklist), selectinload(ChecklistVersion.items))
    )
    return sorted(found, key=lambda one: one.checklist.position)


def version(version_id: uuid.UUID, *, to_change: bool = False) -> ChecklistVersion:
    """A version with items and checklist, published or not. Raises NotFound.

    `to_change` locks it until the end of the transaction and reads it afresh: nobody publishes it meanwhile.
    """
    if to_change:
        db.session.execute(select(ChecklistVersion.id).where(ChecklistVersion.id == version_id).with_for_update())
    found = db.session.scalar(
        select(ChecklistVersion)
        .where(ChecklistVersion.id == version_id)
        .options(joinedload(ChecklistVersion.checklist), selectinload(ChecklistVersion.items))
        .execution_options(populate_existing=to_change)
    )
    if found is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return found


def handed_in(version_id: uuid.UUID, site_id: uuid.UUID) -> tuple[PublishedVersion, bool]:
    """A version that a document of the site names, however old; and whether it is the one that counts there today.

    One query. Raises NotFound: there is no such version, it is a draft, or it is another site's.
    """
    row = db.session.execute(_newest_beside(), {"version_id": version_id, "site_id": site_id}).first()
    found = published({version_id: row[1]}).get(version_id) if row else None
    if row is None or found is None or found.site_id not in (None, site_id):
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return found, row[0] == version_id


def overrides_for(asset_id: uuid.UUID) -> dict[str, LimitOverride]:
    """Item key → the limits that hold for this asset in place of the checklist's; the newest row counts."""
    rows = db.session.scalars(_overrides(), {"asset_id": asset_id})
    newest = {row.item_key: row for row in rows}
    return {key: row for key, row in newest.items() if row.minimum is not None or row.maximum is not None}


def _newest(
    site_ids: set[uuid.UUID], keys: set[str] | None
) -> dict[tuple[str, uuid.UUID | None], tuple[uuid.UUID, Checklist]]:
    """(checklist key, site or None) → id of the newest published version, and the checklist. One query."""
    wanted = (
        select(ChecklistVersion.id, Checklist, ChecklistVersion.site_id)
        .join(ChecklistVersion.checklist)
        .where(
            ChecklistVersion.published_at.is_not(None),
            or_(ChecklistVersion.site_id.is_(None), ChecklistVersion.site_id.in_(site_ids)),
        )
        .order_by(ChecklistVersion.number)
    )
    if keys is not None:
        wanted = wanted.where(Checklist.key.in_(keys))
    rows = db.session.execute(wanted)
    return {(checklist.key, site_id): (version_id, checklist) for version_id, checklist, site_id in rows}


def versions_seen(checklist_id: uuid.UUID, site_id: uuid.UUID) -> Sequence[ChecklistVersion]:
    """The general versions of a checklist and those of one site, drafts too, newest first; without items."""
    return db.session.scalars(
        select(ChecklistVersion)
        .where(ChecklistVersion.checklist_id == checklist_id, _is_seen_in(site_id))
        .order_by(ChecklistVersion.number.desc())
    ).all()


def current_among(versions: Iterable[ChecklistVersion]) -> ChecklistVersion | None:
    """The one that counts: newest published of the site, else newest published general one."""
    published = [one for one in versions if one.published_at]
    return max(published, key=lambda one: (one.site_id is not None, one.number), default=None)


def version_seen(site_id: uuid.UUID, checklist_id: uuid.UUID, which: ChecklistVersion | str | None) -> ChecklistVersion:
    """A version of that checklist with items, if it is a general one or of this site. Raises NotFound."""
    try:
        found = version(which.id if isinstance(which, ChecklistVersion) else uuid.UUID(which or ""))
    except ValueError as error:
        raise NotFound(_("There is nothing at this address, or it is not for you to see.")) from error
    if found.checklist_id != checklist_id or found.site_id not in (None, site_id):
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return found


def draft_for(person: Person, version_id: uuid.UUID, *, to_change: bool = False) -> ChecklistVersion:
    """The door to a draft, with items and checklist; locked where it is to be changed.

    Raises:
        NotFound: not there, or of another site; general versions are nobody's to edit.
        Refused: the person may not edit checklists there.
        Conflict: it has been published, so it can no longer be changed.
    """
    found = version(version_id, to_change=to_change)
    if found.site_id is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, Right.EDIT_CHECKLISTS, found.site_id)
    if found.published_at is not None:
        raise Conflict(
            _("This version is published and can no longer be changed. Draft a new version instead."), code="published"
        )
    return found


def base_of(draft: ChecklistVersion) -> ChecklistVersion:
    """The version that counts in the draft's site today, with items: what the draft is compared with."""
    assert draft.site_id is not None  # drafts belong to a site
    current = current_among(versions_seen(draft.checklist_id, draft.site_id))
    assert current is not None  # a checklist is born with a published version
    return version(current.id)


def assets_by_category(site_id: uuid.UUID, checklists: Sequence[Named]) -> dict[str, list[Asset]]:
    """Checklist key → the site's assets that it applies to, in printed order; retired ones left out."""
    found: dict[str, list[Asset]] = {}
    known: dict[str, str | None] = {}
    wanted = select(Asset).where(Asset.site_id == site_id, Asset.status != AssetStatus.RETIRED).order_by(Asset.position)
    for asset in db.session.scalars(wanted):
        if asset.category is None and asset.name not in known:
            known[asset.name] = category_for(asset.name, checklists)
        if key := asset.category or known[asset.name]:
            found.setdefault(key, []).append(asset)
    return found


def limits_history(asset_id: uuid.UUID) -> Sequence[LimitOverride]:
    """All limits ever set for an asset, newest first."""
    return db.session.scalars(
        select(LimitOverride).where(LimitOverride.asset_id == asset_id).order_by(LimitOverride.id.desc())
    ).all()


def names_of(person_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names of people, by id."""
    wanted = {one for one in person_ids if one}
    return {one.id: one.name for one in db.session.scalars(select(Person).where(Person.id.in_(wanted)))}


# What each document that is handed in asks for is made once: making such a statement costs more than asking it.


@cache
def _newest_beside() -> Select[uuid.UUID, Checklist]:
    """The version that counts in a site for the checklist of a given version, and that checklist."""
    same = select(ChecklistVersion.checklist_id).where(ChecklistVersion.id == bindparam("version_id"))
    return (
        select(ChecklistVersion.id, Checklist)
        .join(ChecklistVersion.checklist)
        .where(
            ChecklistVersion.checklist_id == same.scalar_subquery(),
            ChecklistVersion.published_at.is_not(None),
            or_(ChecklistVersion.site_id.is_(None), ChecklistVersion.site_id == bindparam("site_id")),
        )
        .order_by(ChecklistVersion.site_id.is_(None), ChecklistVersion.number.desc())
        .limit(1)
    )


@cache
def _overrides() -> Select[LimitOverride]:
    return select(LimitOverride).where(LimitOverride.asset_id == bindparam("asset_id")).order_by(LimitOverride.id)


def _is_seen_in(site_id: uuid.UUID) -> ColumnElement[bool]:
    return or_(ChecklistVersion.site_id.is_(None), ChecklistVersion.site_id == site_id)
