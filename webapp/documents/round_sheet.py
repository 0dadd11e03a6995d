"""The blank round sheet of a service line: for the day when no device works. Typed in later (R9)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask_babel import gettext as _

from webapp.assets.models import Asset
from webapp.checklists.models import ItemKind
from webapp.checklists.published import PublishedItem, PublishedVersion
from webapp.checklists.rules import bounds
from webapp.documents.models import Kind
from webapp.documents.paper import Align, Block, Column, Heading, Paper, Paragraph, RowStyle, Symbol, Table, TableRow
from webapp.documents.parts import Frame, both_sides
from webapp.inspections.words import limits_in_words
from webapp.kit.language import local


@dataclass(frozen=True)
class Round:
    """The devices of a line in printed order, the short code of each label, and the checklist each is checked by."""

    name: str
    assets: Sequence[Asset]
    short_codes: Mapping[uuid.UUID, str]
    versions: Mapping[uuid.UUID, PublishedVersion]
    address: str  # where it is typed in

    @property
    def checklists(self) -> dict[str, PublishedVersion]:
        """Letter → checklist, in the order in which the devices need them."""
        used = {version.id: version for asset in self.assets if (version := self.versions.get(asset.id))}
        return {letters(nth): version for nth, version in enumerate(used.values())}


def letters(nth: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    before, last = divmod(nth, 26)
    return (letters(before - 1) if before else "") + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[last]


def round_sheet(found: Round, frame: Frame) -> Paper:
    """The sheet to print and fill in by hand: one line per device, then the items behind each letter."""
    checklists = found.checklists
    blocks: list[Block] = [
        Paragraph(
            "      ".join(
                f"{name}: ____________" for name in (_("Day of inspection"), _("Inspector"), _("Accompanied by"))
            )
        ),
        Symbol(found.address, _("To be typed in here later, with a photo of this sheet.")),
        Paragraph(
            _(
                "Tick the result. Write readings and what is abnormal with the code of the item, such as A3 = 61.5; "
                "the codes stand at the end."
            ),
            is_note=True,
        ),
        _devices(found, checklists),
        both_sides(frame),
        Heading(_("Items and their codes")),
    ]
    for letter, version in checklists.items():
        blocks += [Heading(f"{letter}  {local(version.checklist)}", 2), _items(letter, version)]
    paper = frame.paper(Kind.SHEETS, blocks, is_across=True)
    number = f"{frame.site_code}-{found.name}"
    return Paper(**{**vars(paper), "title": _("Round sheet: %(name)s", name=found.name), "number": number})


def _devices(found: Round, checklists: Mapping[str, PublishedVersion]) -> Table:
    columns = (
        Column(_("No."), 5, Align.CENTRE),
        Column(_("Code"), 11),
        Column(_("Device"), 20),
        Column(_("Model"), 14),
        Column(_("Location"), 9),
        Column(_("Checklist"), 7, Align.CENTRE),
        Column(_("Units"), 8, Align.CENTRE),
        Column(_("Time"), 7, Align.CENTRE),
        Column(_("Result"), 12, Align.CENTRE),
        Column(_("Readings, reason of abnormality, handling"), 30),
    )
    letter_of = {version.id: letter for letter, version in checklists.items()}
    rows: list[TableRow] = []
    for system, assets in groupby(found.assets, key=lambda asset: asset.system.name):
        rows.append(TableRow((system,), RowStyle.GROUP))
        for asset in assets:
            version = found.versions.get(asset.id)
            code = found.short_codes.get(asset.id, "")
            rows.append(
                TableRow(
                    (
                        asset.printed_number,
                        "\n".join(filter(None, [asset.code, code])),
                        asset.name,
                        " ".join(filter(None, [asset.maker, asset.model])),
                        asset.location,
                        letter_of[version.id] if version else "",
                        f"____ / {asset.units}" if asset.units > 1 else "",
                        "",
                        f"□ {_('Normal')}  □ {_('Abnormal')}",
                        "\n",
                    )
                )
            )
    return Table(found.name, columns, tuple(rows), _("Nothing is in service on this list."))


def _items(letter: str, version: PublishedVersion) -> Table:
    columns = (Column(_("Item code"), 8, Align.CENTRE), Column(_("Item"), 52), Column(_("How it is answered"), 40))
    rows = (
        TableRow((f"{letter}{item.position}", local(item), _answer(item)))
        for item in sorted(version.items, key=lambda item: item.position)
    )
    return Table(f"{letter} {local(version.checklist)}", columns, tuple(rows))


def _answer(item: PublishedItem) -> str:
    if item.kind == ItemKind.NUMBER:
        return f"____ {item.unit} {limits_in_words(bounds(item, None, None), item.unit)}".strip()
    if item.kind == ItemKind.CHOICE:
        return "  ".join(f"□ {local(option)}" for option in item.options)
    if item.kind == ItemKind.PASS_FAIL:
        return f"□ {_('Normal')}  □ {_('Abnormal')}" + (f"  □ {_('N/A')}" if item.is_na_allowed else "")
    return _("Photo") if item.kind == ItemKind.PHOTO else "________________"
