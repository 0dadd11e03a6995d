"""Command centres from a YAML file: names, signatures, photo rule, fault levels, service lines with their periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from flask_babel import gettext as _
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.extensions import db
from webapp.kit.problems import Invalid
from webapp.sites.actions import add_service_line, add_site, change_service_line, change_site
from webapp.sites.models import PhotoRule, Site

LARGEST_FILE = 1_000_000  # bytes
STARTS = ("reported_at", "responded_at")  # where a clock of the contract may start (R41)
RECORDS = ("answer", "short", "full")  # what must be written before a fault is closed (R52)
_SOME: Any = validate.Length(min=1)
_HOUR: Any = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$")
SiteEntry = dict[str, Any]  # one command centre, checked by SiteSchema


@dataclass(frozen=True)
class Imported:
    """How many command centres were added, and how many were there already and brought up to date."""

    added: int
    updated: int


class ImportSchema(Schema):
    """Base: an unknown key is a typing error and is named."""

    class Meta:
        unknown = RAISE


def _text(longest: int, *, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.Length(min=1, max=longest))


class ServiceLineSchema(ImportSchema):
    """One equipment list of the contract, both days included (R21)."""

    number = fields.Integer(required=True, validate=validate.Range(min=1, max=99))
    name = _text(120)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)

    @validates_schema
    def check_period(self, data: dict[str, Any], **_more: Any) -> None:
        """The last day is not before the first one."""
        if data["ends_on"] < data["starts_on"]:
            raise ValidationError(_("The last day lies before the first one."), "ends_on")


class FaultLevelSchema(ImportSchema):
    """A fault level with its limits in minutes, where the contract prints them (R40, R45)."""

    key = _text(20)
    zh = _text(60)
    en = _text(60)
    definition_zh = _text(400, required=False)
    definition_en = _text(400, required=False)
    response_min = fields.Integer(validate=validate.Range(min=1))
    arrival_min = fields.Integer(validate=validate.Range(min=1))
    handling_min = fields.Integer(validate=validate.Range(min=1))


class FaultKindSchema(ImportSchema):
    """An entry of the contract's catalogue of fault kinds (R46)."""

    number = fields.Integer(required=True, validate=validate.Range(min=1))
    level = _text(20)
    zh = _text(120)
    en = _text(120, required=False)


class ImpactSchema(ImportSchema):
    """How badly business is touched, and within how many hours the maker is on site then (R48)."""

    key = _text(20)
    zh = _text(60)
    en = _text(60)
    vendor_on_site_hours = fields.Integer(required=True, validate=validate.Range(min=1))


class OfficeHoursSchema(ImportSchema):
    """Working days of the week (1 is Monday) with the hours of each; `to` may not lie before `from`."""

    days = fields.List(fields.Integer(validate=validate.Range(min=1, max=7)), required=True, validate=_SOME)
    starts = fields.String(required=True, data_key="from", validate=_HOUR)
    ends = fields.String(required=True, data_key="to", validate=_HOUR)

    @validates_schema
    def check_order(self, data: dict[str, Any], **_more: Any) -> None:
        """Hours that end before they start never run."""
        if data["ends"] <= data["starts"]:
            raise ValidationError(_("The hours end before they start."), "to")

    @post_load
    def as_written(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Kept under the names of the file."""
        return {"days": sorted(set(data["days"])), "from": data["starts"], "to": data["ends"]}


class OfficeSoftwareSchema(ImportSchema):
    """Kinds of faults in daily office use that are solved within so many working days (R50)."""

    kinds = fields.List(fields.Integer(), required=True)
    working_days = fields.Integer(required=True, validate=validate.Range(min=1, max=60))


class InformSchema(ImportSchema):
    """Levels of which the bureau is told, and within how many minutes (R43)."""

    levels = fields.List(_text(20), required=True)
    minutes = fields.Integer(required=True, validate=validate.Range(min=1))


class FaultTermsSchema(ImportSchema):
    """What the contract says about faults besides levels and kinds. What is left out has no clock."""

    response_from = fields.String(load_default=STARTS[0], validate=validate.Equal(STARTS[0]))
    arrival_from = fields.String(load_default=STARTS[0], validate=validate.OneOf(STARTS))
    handling_from = fields.String(load_default=STARTS[0], validate=validate.OneOf(STARTS))
    handling_until = fields.String(load_default="repaired", validate=validate.OneOf(["repaired", "restored"]))
    own_staff_response_min = fields.Integer(validate=validate.Range(min=1))
    response_in_office_hours = fields.Boolean(load_default=False)
    office_hours = fields.Nested(OfficeHoursSchema)
    impacts = fields.List(fields.Nested(ImpactSchema), load_default=list)
    impact_of_level = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    office_software = fields.Nested(OfficeSoftwareSchema)
    inform_bureau = fields.Nested(InformSchema)
    records = fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.OneOf(RECORDS)), load_default=dict
    )

    @validates_schema
    def check_relations(self, data: dict[str, Any], **_more: Any) -> None:
        """A level leads to an impact that is there; counting in office hours needs office hours."""
        _check_once([impact["key"] for impact in data["impacts"]], "impacts")
        known = {impact["key"] for impact in data["impacts"]}
        if unknown := set(data["impact_of_level"].values()) - known:
            raise ValidationError(_("%(value)s stands nowhere.", value=sorted(unknown)[0]), "impact_of_level")
        if data["response_in_office_hours"] and not data.get("office_hours"):
            raise ValidationError(_("Give the office hours, too."), "response_in_office_hours")


class SiteSchema(ImportSchema):
    """One command centre."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[A-Z][A-Z0-9]{1,11}$"))
    name = _text(120)
    short_name = _text(40)
    timezone = fields.String(load_default="Asia/Shanghai")
    signatures_needed = fields.Integer(load_default=1, validate=validate.OneOf([1, 2]))
    photo_rule = fields.String(load_default="allowed", validate=validate.OneOf([rule.value for rule in PhotoRule]))
    required_contents = fields.String(load_default="S", validate=validate.OneOf(["S", "F"]))
    fault_levels = fields.List(fields.Nested(FaultLevelSchema), required=True, validate=validate.Length(min=1))
    fault_kinds = fields.List(fields.Nested(FaultKindSchema), load_default=list)
    fault_terms = fields.Nested(FaultTermsSchema, load_default=dict)
    service_lines = fields.List(fields.Nested(ServiceLineSchema), required=True, validate=validate.Length(min=1))

    @validates_schema
    def check_relations(self, data: dict[str, Any], **_more: Any) -> None:
        """Numbers and keys stand once; kinds name a level that is there; the zone is known."""
        for name, key in (("service_lines", "number"), ("fault_levels", "key"), ("fault_kinds", "number")):
            _check_once([entry[key] for entry in data[name]], name)
        levels = {level["key"] for level in data["fault_levels"]}
        for index, kind in enumerate(data["fault_kinds"]):
            if kind["level"] not in levels:
                raise ValidationError({"fault_kinds": {index: {"level": [_("Not among fault_levels.")]}}})
        try:
            ZoneInfo(data["timezone"])
        except (ZoneInfoNotFoundError, ValueError):
            raise ValidationError(_("Not a time zone such as Asia/Shanghai."), "timezone") from None


def _check_once(values: list[Any], name: str) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValidationError({name: {index: [_("%(value)s stands twice.", value=value)]}})


def read_sites(data: bytes, filename: str) -> list[SiteEntry]:
    """The checked command centres of a file with the key `sites`.

    Raises:
        Invalid: names file, line, field and reason of everything that cannot be used.
    """
    root = _compose(data, filename)
    plain = yaml.load(data, Loader=yaml.BaseLoader)  # noqa: S506  (makes nothing but text, lists and dicts)
    if not isinstance(plain, dict) or not isinstance(plain.get("sites"), list) or not plain["sites"]:
        raise Invalid(_("%(file)s: give a list under the key sites.", file=filename))
    schema = Schema.from_dict({"sites": fields.List(fields.Nested(SiteSchema), required=True)})()
    try:
        loaded: dict[str, Any] = schema.load({"sites": plain["sites"]})
    except ValidationError as error:
        lines = [
            _("%(file)s, line %(line)s, %(field)s: %(why)s", file=filename, line=line, field=path, why=why)
            for line, path, why in sorted(_places(error.normalized_messages(), root))  # type: ignore[no-untyped-call]
        ]
        raise Invalid("\n".join(lines), fields={filename: lines}) from None
    codes = [entry["code"] for entry in loaded["sites"]]
    if len(set(codes)) < len(codes):
        raise Invalid(_("%(file)s: a code stands twice.", file=filename))
    return list(loaded["sites"])


def read_site(fields_of_site: dict[str, Any]) -> SiteEntry:
    """One command centre, checked. Raises ValidationError."""
    entry: SiteEntry = SiteSchema().load(fields_of_site)
    return entry


def check_contract(levels: list[dict[str, Any]], kinds: list[dict[str, Any]], terms: dict[str, Any]) -> dict[str, Any]:
    """Levels, kinds and terms of a contract for faults as they are kept. Raises ValidationError."""
    checked: dict[str, Any] = {
        "levels": FaultLevelSchema(many=True).load(levels),
        "kinds": FaultKindSchema(many=True).load(kinds),
        "terms": FaultTermsSchema().load(terms),
    }
    return checked


def import_sites(entries: list[SiteEntry], *, is_demo: bool = False, by: Any, now: datetime) -> Imported:
    """Adds the command centres that are not there, brings the others up to date. Service lines are never removed."""
    wanted = select(Site).options(selectinload(Site.service_lines))
    here = {site.code: site for site in db.session.scalars(wanted.execution_options(populate_existing=True))}
    for entry in entries:
        settings = {name: value for name, value in entry.items() if name not in ("code", "service_lines")}
        site = here.get(entry["code"])
        if site is None:
            site = add_site(entry["code"], is_demo=is_demo, by=by, now=now, **settings)
            known = {}
        else:
            change_site(site, by=by, now=now, **settings)
            known = {line.number: line for line in site.service_lines}
        for line in entry["service_lines"]:
            if line["number"] in known:
                change = {name: line[name] for name in ("name", "starts_on", "ends_on")}
                change_service_line(known[line["number"]], by=by, now=now, **change)
            else:
                add_service_line(site, **line, by=by, now=now)
    updated = sum(entry["code"] in here for entry in entries)
    return Imported(len(entries) - updated, updated)


def _compose(data: bytes, filename: str) -> yaml.Node | None:
    if len(data) > LARGEST_FILE:
        raise Invalid(_("%(file)s is larger than 1 MB.", file=filename))
    try:
        return yaml.compose(data, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        why = getattr(error, "problem", None) or _("not UTF-8 text")
        raise Invalid(_("%(file)s, line %(line)s: not YAML: %(why)s", file=filename, line=line, why=why)) from None


def _places(messages: Any, node: yaml.Node | None, path: str = "") -> list[tuple[int, str, str]]:
    """Line, path and reason of each message; the line is that of the nearest thing the file holds."""
    line = node.start_mark.line + 1 if node is not None and node.start_mark else 1
    if not isinstance(messages, dict):
        texts = messages if isinstance(messages, list) else [messages]
        return [(line, path, str(text)) for text in texts]
    found = []
    for name, inner in messages.items():
        step = str(name + 1) if isinstance(name, int) else str(name)
        below = path if name == "_schema" else f"{path} {step}".strip()
        found += _places(inner, _child(node, name) or node, below)
    return found


def _child(node: yaml.Node | None, name: Any) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(name, int) and name < len(node.value):
        child: yaml.Node = node.value[name]
        return child
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(name)), None)
    return None
