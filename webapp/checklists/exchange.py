"""Checklist files: YAML in and out. A file is read as data only, limited in size and depth, without aliases."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from flask_babel import gettext as _
from marshmallow import ValidationError

from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion
from webapp.checklists.schemas import FileSchema
from webapp.kit.problems import Invalid

LARGEST_FILE = 2 * 1024 * 1024
DEEPEST = 12
MOST_NAMED = 20  # problems named in one answer

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Safe YAML with decimals instead of floats; a name that stands twice in one mapping is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused below: no mapping may be named by a list
            if key.value in seen:
                why = _("%(name)s stands there twice", name=key.value)
                raise yaml.constructor.ConstructorError(None, None, why, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]

    def construct_decimal(self, node: yaml.ScalarNode) -> Decimal:
        try:
            number = Decimal(node.value.replace("_", ""))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise yaml.constructor.ConstructorError(None, None, _("not a plain number"), node.start_mark)
        return number


_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_decimal)


class _Dumper(yaml.SafeDumper):
    """Writes decimals digit for digit."""

    def represent_decimal(self, value: Decimal) -> yaml.ScalarNode:
        text = f"{value:f}"
        return self.represent_scalar("tag:yaml.org,2002:float" if "." in text else "tag:yaml.org,2002:int", text)


_Dumper.add_representer(Decimal, _Dumper.represent_decimal)


def parse(data: bytes, filename: str) -> Any:
    """The content of a YAML file, not yet checked. Raises Invalid naming line and column, or why it was not read."""
    if len(data) > LARGEST_FILE:
        raise Invalid(_("%(file)s is larger than 2 MB; a checklist file is far smaller.", file=filename))
    try:
        text = data.decode("utf-8-sig")
        _refuse_traps(text, filename)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (_Loader is a SafeLoader)
    except UnicodeDecodeError as error:
        raise Invalid(_("%(file)s is not UTF-8 text.", file=filename)) from error
    except yaml.YAMLError as error:
        raise Invalid(_yaml_problem(error, filename)) from error
    except (ValueError, RecursionError) as error:  # a date that is none, a number beyond all bounds
        raise Invalid(_("%(file)s cannot be read: %(why)s", file=filename, why=error)) from error


def read_data(raw: Any) -> list[dict[str, Any]]:
    """The checklists of a file's content, checked, under the names of the models.

    Raises Invalid: names checklist, item and field of every mistake (the first twenty).
    """
    if not isinstance(raw, dict):
        raise Invalid(_("This is no checklist file: it has no list of categories."))
    found: dict[str, list[str]] = {}
    loaded: dict[str, Any] = {}
    try:
        loaded = FileSchema().load(raw)
    except ValidationError as error:
        found = dict(_located(error.normalized_messages(), raw, ()))  # type: ignore[no-untyped-call]
    else:
        found = _doubled(loaded["categories"])
    if found:
        named = dict(list(found.items())[:MOST_NAMED])
        where, why = next(iter(named.items()))
        message = _(
            "The file has mistakes (%(n)s); nothing was changed. The first: %(where)s: %(why)s",
            n=len(found),
            where=where,
            why=why[0],
        )
        raise Invalid(message, fields=named)
    checklists: list[dict[str, Any]] = loaded["categories"]
    return checklists


def file_of(versions: Iterable[ChecklistVersion]) -> bytes:
    """The YAML file of these versions; reading it back gives the same checklists, field by field."""
    content = {"version": 1, "categories": [_checklist_entry(one.checklist, one.items) for one in versions]}
    text: str = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200)
    return text.encode()


def _refuse_traps(text: str, filename: str) -> None:
    """Aliases can grow a small file to gigabytes, deep nesting exhausts the stack: neither is needed here."""
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1  # type: ignore[union-attr]
            raise Invalid(_("%(file)s, line %(line)s: aliases (*name) are refused.", file=filename, line=line))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise Invalid(_("%(file)s is nested too deeply for a checklist file.", file=filename))


def _yaml_problem(error: yaml.YAMLError, filename: str) -> str:
    mark = getattr(error, "problem_mark", None)
    why = getattr(error, "problem", None) or _("not readable")
    if mark is None:
        return _("%(file)s is no YAML file: %(why)s.", file=filename, why=why)
    return _(
        "%(file)s, line %(line)s, column %(column)s: %(why)s. Nothing was changed.",
        file=filename,
        line=mark.line + 1,
        column=mark.column + 1,
        why=why,
    )


def _located(messages: Any, raw: Any, path: tuple[str, ...]) -> Iterable[tuple[str, list[str]]]:
    """(where, what) of each mistake; list positions are named by the key of what stands there."""
    if not isinstance(messages, dict):
        texts = messages if isinstance(messages, list) else [messages]
        yield " / ".join(path) or "?", [str(text) for text in texts]
        return
    for name, inner in messages.items():
        here = _at(raw, name)
        if name in ("categories", "items", "_schema") and isinstance(inner, dict):
            yield from _located(inner, here, path)
        else:
            yield from _located(inner, here, (*path, _step(name, here)))


def _at(raw: Any, name: Any) -> Any:
    if isinstance(raw, dict):
        return raw.get(name)
    return raw[name] if isinstance(raw, list) and isinstance(name, int) and name < len(raw) else None


def _step(name: Any, here: Any) -> str:
    if isinstance(name, int):
        key = (here.get("key") or here.get("value")) if isinstance(here, dict) else None
        return str(key or f"#{name + 1}")
    return str(name)


def _doubled(checklists: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Keys that stand twice: of checklists in the file, of items in a checklist."""
    found: dict[str, list[str]] = {}
    keys = [one["key"] for one in checklists]
    for one in checklists:
        if keys.count(one["key"]) > 1:
            found[f"{one['key']} / key"] = [_("This key stands in the file twice.")]
        item_keys = [item["key"] for item in one["items"]]
        for key in item_keys:
            if item_keys.count(key) > 1:
                found[f"{one['key']} / {key} / key"] = [_("This key stands in the checklist twice.")]
    return found


def _checklist_entry(checklist: Checklist, items: Iterable[CheckItem]) -> dict[str, Any]:
    return {
        "key": checklist.key,
        "zh": checklist.zh,
        "en": checklist.en,
        "scope": checklist.scope,
        "minutes_per_device": checklist.minutes,
        "match": list(checklist.match),
        "exclude": list(checklist.exclude),
        "note": checklist.note,
        "futian_response_system": checklist.futian_response_system,
        "shaoguan_major_scope": checklist.shaoguan_major_scope,
        "items": [_item_entry(item) for item in items],
    }


def _item_entry(item: CheckItem) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": item.key, "zh": item.zh, "en": item.en, "kind": item.kind}
    if item.kind == "number":
        entry |= {"unit": item.unit, "min": item.minimum, "max": item.maximum}
        if item.compare:
            entry["compare_previous"] = {name: Decimal(value) for name, value in item.compare.items()}
    if item.options:
        entry["options"] = [dict(option) for option in item.options]
    entry |= {
        "required": item.is_required,
        "na_allowed": item.is_na_allowed,
        "photo_required_on": item.photo,
        "severity_if_failed": item.severity,
        "frequency": item.frequency,
        "source": item.source,
        "source_detail": item.source_detail,
        "seed_ref": list(item.seed_refs),
    }
    if item.is_safety_stop:
        entry["safety_stop"] = True
    if item.are_limits_editable:
        entry["limits_editable"] = True
    return entry | {name: text for name, text in (("hint_zh", item.hint_zh), ("hint_en", item.hint_en)) if text}
