"""Which labels are printed: a whole command centre, a service line, a system, or rows picked by hand."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.assets.label_design import LabelText
from webapp.assets.labels import repeated, text_of
from webapp.assets.models import Asset, Label
from webapp.assets.queries import assets_of
from webapp.extensions import db
from webapp.kit.problems import NotFound
from webapp.sites.models import Site


def assets_in(site_id: uuid.UUID, scope: str = "") -> list[Asset]:
    """The assets of a site that are not retired, in printed order. `scope` is "line:<number>", "system:<uuid>",
    "asset:<uuid>" or nothing for all. Raises NotFound where the scope names nothing.
    """
    kind, _colon, name = scope.partition(":")
    keys = {
        "line": lambda asset: str(asset.system.service_line.number),
        "system": lambda asset: str(asset.system_id),
        "asset": lambda asset: str(asset.id),
    }
    if scope and kind not in keys:
        raise NotFound(_("There is no such list in this command centre."))
    found = [asset for asset in assets_of(site_id) if not scope or keys[kind](asset) == name]
    if scope and not found:
        raise NotFound(_("There is no such list in this command centre."))
    return found


def picked(site_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[Asset]:
    """The assets with these ids in printed order. Raises NotFound when one is not (or no longer) in the list."""
    wanted = set(ids)
    found = [asset for asset in assets_of(site_id) if asset.id in wanted]
    if len(found) != len(wanted):
        raise NotFound(_("A chosen device is not in the list any more. Open this page again and choose anew."))
    return found


def texts_for(site: Site, assets: Sequence[Asset], *, per_unit: bool) -> list[LabelText]:
    """What stands on the labels of these assets, one each or one per unit. One query."""
    labels = valid_labels(site.id)
    return [text_of(asset, labels[asset.id], site.short_name) for asset in repeated(assets, per_unit=per_unit)]


def valid_labels(site_id: uuid.UUID) -> dict[uuid.UUID, Label]:
    """Asset id → its label that is not replaced."""
    wanted = select(Label).join(Label.asset).where(Asset.site_id == site_id, Label.replaced_at.is_(None))
    return {label.asset_id: label for label in db.session.scalars(wanted)}
