"""Forms about assets. A field of the form is read exactly as the column of a list is."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from webapp.assets.columns import KINDS, STATUSES, BadValue, column_called
from webapp.kit.intake import FormSchema


class FromColumn(fields.Field[Any]):
    """A field that is read as the column of that name; what cannot be read says why and what to do."""

    def __init__(self, name: str, *, required: bool = False) -> None:
        column = column_called(name)
        assert column is not None
        self.column = column
        missing = {"error_messages": {"required": _l("This is needed.")}}
        super().__init__(**(missing | ({"required": True} if required else {"load_default": column.read("")})))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return self.column.read(str(value))
        except BadValue as bad:
            raise ValidationError(bad.sentence) from bad


class AssetSchema(FormSchema):
    """The form of one asset; `service_line` and `system` say where it belongs."""

    service_line = fields.UUID(required=True)
    system = FromColumn("system", required=True)
    code = FromColumn("code", required=True)
    printed_number = FromColumn("number")
    kind = FromColumn("kind", required=True)
    name = FromColumn("name", required=True)
    maker = FromColumn("maker")
    model = FromColumn("model")
    unit = FromColumn("unit")
    quantity = FromColumn("quantity")
    location = FromColumn("location")
    location_en = FromColumn("location_en")
    keeper = FromColumn("keeper")
    supplier = FromColumn("supplier")
    status = FromColumn("status", required=True)
    is_outside_contract = FromColumn("outside_contract")
    service_from = FromColumn("service_from")
    service_to = FromColumn("service_to")
    photo_rule = FromColumn("photo_rule")
    category = FromColumn("category")


class SearchSchema(FormSchema):
    """The search of the list. `where` is the number of a service line or the id of a system."""

    q = fields.String(load_default="", validate=validate.Length(max=80))
    where = fields.String(load_default="", validate=validate.Length(max=40))
    status = fields.String(load_default="", validate=validate.OneOf(["", *STATUSES]))
    kind = fields.String(load_default="", validate=validate.OneOf(["", *KINDS]))
    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10_000))
    added = fields.Integer(load_default=0)  # after an import: what it did
    changed = fields.Integer(load_default=0)


def where_of(text: str) -> dict[str, Any]:
    """Service line or system out of `where`; nonsense is no filter."""
    if text.isdecimal() and len(text) < 6:
        return {"line": int(text)}
    try:
        return {"system": uuid.UUID(text)}
    except ValueError:
        return {}


class UploadSchema(FormSchema):
    """The list to look at, and who keeps assets whose line names nobody (R121)."""

    keeper = FromColumn("keeper")


class ConfirmSchema(FormSchema):
    """What was looked at, as the ticket of the preview says."""

    ticket = fields.String(required=True, validate=validate.Length(max=4000))


class ExportSchema(FormSchema):
    """In which form the list goes out."""

    format = fields.String(load_default="csv", validate=validate.OneOf(["csv", "xlsx"]))
