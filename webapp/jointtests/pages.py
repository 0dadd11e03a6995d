"""What the pages of this room show: the form to fill in, the month, one record, the paper."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app

from webapp.faults.models import Finding
from webapp.files.images import SHAPES, drawn
from webapp.files.queries import files_with
from webapp.files.store import store
from webapp.jointtests.form import HEADER, PROBLEMS, Form, read_form
from webapp.jointtests.handing_in import day_typed
from webapp.jointtests.layout import blank_turn, build
from webapp.jointtests.models import JointTest, JointTestForm
from webapp.jointtests.queries import (
    findings_raised_by,
    form_for,
    form_of,
    material,
    record_for,
    successor_of,
    test_before,
    tests_of,
)
from webapp.jointtests.record import sheet_of, typed_of_record
from webapp.jointtests.rules import Capacity, is_monthly
from webapp.jointtests.schemas import typed_of
from webapp.jointtests.seal import KIND
from webapp.jointtests.sheet import Sheet, Turn, Typed, compared_cells
from webapp.kit.clock import Month, local_day
from webapp.people.models import Person
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of, seals_of
from webapp.sites.access import may
from webapp.sites.models import Site
from webapp.sites.queries import people_of
from webapp.sites.rules import Right, roles_with

BLANK = 99  # number of the repetition that a script copies
SPARE = 2  # blank repetitions for a browser without scripts


@dataclass(frozen=True)
class FormPage:
    """The record to fill in."""

    site: Site
    row: JointTestForm
    sheet: Sheet
    blanks: Mapping[str, Turn]
    spares: Mapping[str, Sequence[Turn]]
    technicians: Sequence[str]
    supervisors: Sequence[str]
    mistakes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    corrected: JointTest | None = None
    now: datetime | None = None

    @property
    def form(self) -> Form:
        """The form's sections and items."""
        return self.sheet.form

    def with_spares(self, key: str) -> Sequence[Turn]:
        """Blank repetitions of a section."""
        return self.spares.get(key, ())


@dataclass(frozen=True)
class RecordPage:
    """One record with its signatures, seal and faults; `mine` is as what the reader may sign now."""

    test: JointTest
    site: Site
    sheet: Sheet
    findings: Mapping[uuid.UUID, Finding]
    seal: Seal | None
    newer: JointTest | None
    mine: Capacity | None
    may_correct: bool
    sha256: Mapping[uuid.UUID, str]

    @property
    def verify_url(self) -> str:
        """What the symbol on the paper holds."""
        return f"{current_app.config['SETTINGS'].public_url}/verify/{self.seal.digest}" if self.seal else ""

    def signature(self, capacity: str) -> Any:
        """The signature given in that capacity."""
        return next((one for one in self.test.signatures if one.capacity == capacity), None)

    def picture(self, file_id: uuid.UUID, shape: str = "display") -> str:
        """A picture as a data: address, for documents that fetch nothing; blank where the bytes are lost."""
        try:
            data = store().served(self.sha256[file_id], shape, lambda raw: drawn(raw, SHAPES[shape]))
        except (FileNotFoundError, KeyError):
            return ""
        return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class MonthPage:
    """The records of a month; `is_late` where there is none although there should be (R24)."""

    month: Month
    has_vehicle: bool
    tests: Sequence[JointTest]
    sheets: Mapping[uuid.UUID, Sheet]
    seals: Mapping[uuid.UUID, Seal]
    last: JointTest | None
    compared: Sequence[tuple[Turn, Any]]
    is_future: bool

    @property
    def is_late(self) -> bool:
        """Whether the month is red: at least one joint test a month, and no drill instead of it."""
        kinds = [sheet.value(HEADER, "test_type") for sheet in self.sheets.values()]
        return self.has_vehicle and not any(map(is_monthly, kinds)) and not self.is_future


def form_page(
    site: Site,
    by: Person,
    *,
    now: datetime,
    document: dict[str, Any] | None = None,
    mistakes: Mapping[str, Sequence[str]] | None = None,
    again: uuid.UUID | None = None,
) -> FormPage:
    """The form: fresh, as typed before, or with the values of the record that it corrects."""
    corrected = record_for(by, again, Right.INSPECT) if again else None
    if corrected:
        row, typed = corrected.form, typed_of_record(corrected)
    else:
        row = form_for(site, document.get("form") if document else None)
        typed = typed_of(document) if document else Typed(is_fresh=True)
    if document:
        typed = typed_of(document)
    day = day_typed(typed.values, local_day(now, site.timezone))
    known = material(site, read_form(row.content), day, now=now, without=corrected.id if corrected else None)
    sheet = build(typed, known)
    repeating = [section for section in known.form.sections if section.repeats]
    spares = {}
    for section in repeating:
        part = sheet.part(section.key)
        first = max((turn.number for turn in part.turns), default=0) + 1 if part else 1
        spares[section.key] = [blank_turn(section, number, known) for number in range(first, first + SPARE)]
    people = people_of(site.id)
    return FormPage(
        site,
        row,
        sheet,
        {section.key: blank_turn(section, BLANK, known) for section in repeating},
        spares,
        [person.name for person, roles in people if roles & roles_with(Right.INSPECT)],
        [person.name for person, roles in people if roles & roles_with(Right.SIGN)],
        mistakes or {},
        corrected,
        now,
    )


def record_page(person: Person, test_id: uuid.UUID, site_of: Any) -> RecordPage:
    """One record, if the person may read it. A fixed number of queries."""
    test = record_for(person, test_id)
    newer, seal = successor_of(test.id), seal_of(KIND, test.id)
    files = [photo.file_id for row in test.values for photo in row.photos]
    files += [signature.file_id for signature in test.signatures]
    may_fill = may(person, Right.INSPECT, test.site_id)
    return RecordPage(
        test,
        site_of(test.site_id),
        sheet_of(test, read_form(test.form.content)),
        {finding.id: finding for finding in findings_raised_by(test)},
        seal,
        newer,
        None if newer else _mine(test, person),
        may_fill and newer is None,
        {file_id: file.sha256 for file_id, file in files_with(files).items()},
    )


def month_page(site: Site, month: Month, *, now: datetime) -> MonthPage:
    """The records of a month and how the last one compares with the month before. A fixed number of queries."""
    tests = tests_of(site.id, month)
    sheets = {test.id: sheet_of(test, read_form(test.form.content)) for test in tests}
    return MonthPage(
        month,
        has_vehicle=form_of(site.id) is not None,
        tests=tests,
        sheets=sheets,
        seals=seals_of(KIND, [test.id for test in tests]),
        last=test_before(site.id, month.first),
        compared=compared_cells(sheets[tests[-1].id]) if tests else (),
        is_future=month > Month.of(local_day(now, site.timezone)),
    )


def problem_turns(sheet: Sheet) -> Sequence[Turn]:
    """The problems of a sheet."""
    part = sheet.part(PROBLEMS)
    return part.turns if part else ()


def _mine(test: JointTest, person: Person) -> Capacity | None:
    signed = {signature.capacity for signature in test.signatures}
    if test.technician_id == person.id and Capacity.TECHNICIAN not in signed:
        return Capacity.TECHNICIAN
    if may(person, Right.SIGN, test.site_id) and Capacity.SUPERVISOR not in signed:
        return Capacity.SUPERVISOR
    return None
