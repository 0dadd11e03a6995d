"""Forms of the reminders: a target, and how early one is reminded."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from webapp.kit.intake import CleanText, FormSchema
from webapp.reminders.models import Robot
from webapp.reminders.secret import Secret

LONGEST_URL, LONGEST_SECRET, LONGEST_NAME = 500, 200, 60
MOST_DAYS = 27
_PRINTABLE = re.compile(r"[!-~]+")


class HiddenText(CleanText):
    """A text that is not shown again, in no page and no message about the form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return Secret(super()._deserialize(value, attr, data, **more))

    def _validate(self, value: Any) -> None:
        super()._validate(value.reveal())


class Address(HiddenText):
    """An address of http or https that something can be posted to: no name and password in it, nothing after a #."""

    def _validate(self, value: Any) -> None:
        super()._validate(value)
        if not _is_address(value.reveal()):
            raise ValidationError(_("Please give the whole address, beginning with https:// or http://."))


class TargetSchema(FormSchema):
    """A target as it stands; a blank address or secret stays as it is."""

    name = CleanText(LONGEST_NAME, required=True)
    url = Address(LONGEST_URL, load_default=None)
    secret = HiddenText(LONGEST_SECRET, load_default=None)
    is_on = fields.Boolean(load_default=False)
    without_secret = fields.Boolean(load_default=False)


class NewTargetSchema(FormSchema):
    """A new target."""

    robot = fields.Enum(Robot, by_value=True, required=True)
    name = CleanText(LONGEST_NAME, required=True)
    url = Address(LONGEST_URL, required=True)
    secret = HiddenText(LONGEST_SECRET, load_default=Secret(""))
    is_on = fields.Boolean(load_default=False)


class DaysSchema(FormSchema):
    """How many days before a due day one is reminded, first and again."""

    early = fields.Integer(required=True, validate=validate.Range(min=1, max=MOST_DAYS, error=_l("1 to 27 days.")))
    soon = fields.Integer(required=True, validate=validate.Range(min=0, max=MOST_DAYS, error=_l("0 to 27 days.")))


def _is_address(text: str) -> bool:
    if not _PRINTABLE.fullmatch(text) or "#" in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and port != 0
