"""Joint tests over the months: the calendar of a year (R24), and what each link to each peer reached, with the weather.

Six statements, whatever the number of tests; the year bounds what they read.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select

from webapp.assets.models import Asset, AssetKind
from webapp.assets.queries import assets_of, period_of
from webapp.assets.rules import is_due
from webapp.checklists.rules import parse_number
from webapp.extensions import db
from webapp.jointtests.form import HEADER, Form, Item, Section, read_form
from webapp.jointtests.models import JointTest, JointTestForm, JointTestValue
from webapp.jointtests.queries import standing_tests
from webapp.jointtests.rules import change_between, is_monthly
from webapp.jointtests.seal import KIND
from webapp.kit.clock import Month, local_day
from webapp.people.models import Person
from webapp.seals.queries import seals_of
from webapp.sites.models import Site

MONTHS = 12
MOST_COLUMNS = 12  # newest tests of a table
MEASURED = ("ebn0", "rx_snr", "down_rate", "up_rate", "throughput", "rtt", "msg_delay")
BESIDE = ("test_type", "weather", "temperature", "location")  # of the header


@dataclass(frozen=True)
class PastTest:
    """One standing joint test of the year with what stands beside its values. Options as the form prints them."""

    id: uuid.UUID
    number: str
    day: date
    technician: str
    result: str
    is_sealed: bool
    kind: str  # province | city | drill | important
    kind_words: dict[str, Any]
    weather: dict[str, Any]
    temperature: str
    location: str

    @property
    def is_monthly(self) -> bool:
        """Whether it is the test that is due every month (R24)."""
        return is_monthly(self.kind)


@dataclass(frozen=True)
class CalendarMonth:
    """A month of the calendar; `is_needed`: a satellite vehicle is in service in it."""

    month: Month
    tests: tuple[PastTest, ...]
    is_needed: bool
    is_running: bool

    @property
    def is_missing(self) -> bool:
        """Whether the contract asks for a test that is not there, in a month that is over or runs."""
        return self.is_needed and not any(test.is_monthly for test in self.tests)


@dataclass(frozen=True)
class Reached:
    """A measured value of one test, as judged on its day."""

    value: str
    is_abnormal: bool


@dataclass(frozen=True)
class Series:
    """One measured item of a link over the tests, in the order of the columns."""

    item: Item
    values: tuple[Reached | None, ...]

    def points(self, tests: Sequence[PastTest]) -> list[tuple[str, Decimal]]:
        """The numbers for a plot, with the day of each."""
        pairs = zip(tests, self.values, strict=True)
        found = [(test.day, parse_number(reached.value)) for test, reached in pairs if reached]
        return [(f"{day:%y-%m-%d}", number) for day, number in found if number is not None]

    @property
    def change(self) -> Decimal | None:
        """How much the newest value differs from the one before it."""
        known = [reached.value for reached in self.values if reached]
        return change_between(known[-1], known[-2]) if len(known) > 1 else None


@dataclass(frozen=True)
class Link:
    """A link to a peer: the section of the form, and the options or words that tell the peer."""

    section: Section
    peer: tuple[Any, ...]  # options of the form, or plain words
    series: tuple[Series, ...]


@dataclass(frozen=True)
class History:
    """A year of joint tests up to the present month, oldest first."""

    months: tuple[CalendarMonth, ...]
    tests: tuple[PastTest, ...]  # the columns of the tables
    links: tuple[Link, ...] = field(default=())

    @property
    def has_vehicle(self) -> bool:
        """Whether a satellite vehicle was in service in any of the months, or tests were made."""
        return any(each.is_needed or each.tests for each in self.months)

    @property
    def missing(self) -> tuple[Month, ...]:
        """The months without the test that the contract asks for."""
        return tuple(each.month for each in self.months if each.is_missing)


def history_of(site: Site, now: datetime) -> History:
    """The joint tests of the last twelve months, the present one among them."""
    this = Month.of(local_day(now, site.timezone))
    months = [this]
    while len(months) < MONTHS:
        months.insert(0, months[0].previous())
    rows = _tests(site.id, months[0].first, this.last)
    forms = _forms({test.form_id for test, _name in rows})
    values = _values([test.id for test, _name in rows], {key for form in forms.values() for key in _names_of(form)})
    seals = seals_of(KIND, [test.id for test, _name in rows])
    tests = [_past_test(test, name, forms[test.form_id], values, test.id in seals) for test, name in rows]
    vehicles = [asset for asset in assets_of(site.id) if asset.kind == AssetKind.VEHICLE]
    # months before the command centre was entered here ask for nothing, unless tests of then were entered, too
    begun = min(Month.of(local_day(site.created_at, site.timezone)), *(Month.of(test.day) for test in tests[:1]), this)
    columns = tuple(tests[-MOST_COLUMNS:])
    of_test = {test.id: forms[test.form_id] for test, _name in rows}
    return History(
        months=tuple(_calendar_month(month, tests, vehicles if month >= begun else [], this) for month in months),
        tests=columns,
        links=tuple(_links(columns, of_test, values)),
    )


Values = Mapping[uuid.UUID, Sequence[JointTestValue]]


def _tests(site_id: uuid.UUID, first: date, last: date) -> list[tuple[JointTest, str]]:
    wanted = (
        select(JointTest, Person.name)
        .join(Person, Person.id == JointTest.technician_id)
        .where(JointTest.site_id == site_id, JointTest.day.between(first, last), standing_tests())
        .order_by(JointTest.day, JointTest.started_at, JointTest.number)
    )
    return [(test, name) for test, name in db.session.execute(wanted)]


def _forms(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Form]:
    rows = db.session.execute(select(JointTestForm.id, JointTestForm.content).where(JointTestForm.id.in_(ids)))
    return {form_id: read_form(content) for form_id, content in rows if content}


def _names_of(form: Form) -> set[str]:
    """The items that tell the repetitions of a link from each other."""
    return {key for section in form.sections if section.is_link for key in section.repeat_by}


def _values(ids: Collection[uuid.UUID], names: Collection[str]) -> dict[uuid.UUID, list[JointTestValue]]:
    wanted = select(JointTestValue).where(
        JointTestValue.test_id.in_(ids),
        or_(
            JointTestValue.item_key.in_({*MEASURED, *names}),
            (JointTestValue.section == HEADER) & JointTestValue.item_key.in_(BESIDE),
        ),
    )
    found: dict[uuid.UUID, list[JointTestValue]] = {each: [] for each in ids}
    for row in db.session.scalars(wanted.order_by(JointTestValue.id)):
        found[row.test_id].append(row)
    return found


def _past_test(test: JointTest, name: str, form: Form, values: Values, is_sealed: bool) -> PastTest:
    header = {row.item_key: row.value for row in values[test.id] if row.section == HEADER}
    return PastTest(
        id=test.id,
        number=test.number,
        day=test.day,
        technician=name,
        result=test.result,
        is_sealed=is_sealed,
        kind=header.get("test_type", ""),
        kind_words=_option(form, "test_type", header),
        weather=_option(form, "weather", header),
        temperature=header.get("temperature", ""),
        location=header.get("location", ""),
    )


def _option(form: Form, key: str, header: Mapping[str, str]) -> dict[str, Any]:
    section = form.section(HEADER)
    item, value = section.item(key) if section else None, header.get(key, "")
    return (item.option(value) if item else None) or {"zh": value, "en": value}


def _calendar_month(month: Month, tests: Sequence[PastTest], vehicles: Sequence[Asset], this: Month) -> CalendarMonth:
    return CalendarMonth(
        month,
        tuple(test for test in tests if Month.of(test.day) == month),
        is_needed=any(is_due(asset.status, period_of(asset), month) for asset in vehicles),
        is_running=month == this,
    )


def _links(tests: Sequence[PastTest], forms: Mapping[uuid.UUID, Form], values: Values) -> list[Link]:
    """The links in the order of the newest form, each peer apart, with the items that were ever measured."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, dict[uuid.UUID, Reached]]] = {}
    sections: dict[str, Section] = {}
    for test in tests:
        for section in forms[test.id].sections:
            if section.is_link:
                sections[section.key] = section
                _measure(found, test, section, values[test.id])
    order = list(sections)
    return [
        Link(sections[key], _peer(sections[key], peer), _series(sections[key], measured, tests))
        for (key, peer), measured in sorted(found.items(), key=lambda pair: (order.index(pair[0][0]), pair[0][1]))
    ]


def _measure(
    found: dict[tuple[str, tuple[str, ...]], dict[str, dict[uuid.UUID, Reached]]],
    test: PastTest,
    section: Section,
    rows: Sequence[JointTestValue],
) -> None:
    turns: dict[int, dict[str, JointTestValue]] = {}
    for row in rows:
        if row.section == section.key:
            turns.setdefault(row.turn, {})[row.item_key] = row
    for turn in turns.values():
        peer = tuple(turn[key].value if key in turn else "" for key in section.repeat_by)
        for key in MEASURED:
            if key in turn and section.item(key):
                reached = Reached(turn[key].value, turn[key].verdict == "abnormal")
                found.setdefault((section.key, peer), {}).setdefault(key, {})[test.id] = reached


def _peer(section: Section, values: Sequence[str]) -> tuple[Any, ...]:
    items = [section.item(key) for key in section.repeat_by]
    pairs = zip(items, values, strict=True)
    return tuple((item.option(value) if item else None) or value for item, value in pairs if value)


def _series(
    section: Section, measured: Mapping[str, Mapping[uuid.UUID, Reached]], tests: Sequence[PastTest]
) -> tuple[Series, ...]:
    return tuple(
        Series(item, tuple(measured[item.key].get(test.id) for test in tests))
        for item in section.items
        if item.key in measured
    )
