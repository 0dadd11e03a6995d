"""Past months of example records, made by the real actions: people hand in, return, sign, test.

Nothing is written into a table here; what the rules refuse would be refused to the demo too. The same months give the
same story every time, because chance is seeded by site and month.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from webapp.assets.models import Asset
from webapp.assets.queries import due_assets
from webapp.checklists.models import ItemKind
from webapp.checklists.published import PublishedItem, PublishedVersion
from webapp.checklists.queries import overrides_for, versions_for
from webapp.checklists.rules import Bounds, bounds
from webapp.demo.fault_story import play_faults
from webapp.demo.hazard_story import play_hazards
from webapp.demo.joint_tests import play_joint_test
from webapp.demo.pictures import photo, signature
from webapp.extensions import db
from webapp.files.actions import receive_file
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Inspection, Visit
from webapp.inspections.queries import LastValue, last_values
from webapp.inspections.schemas import load_inspection
from webapp.kit.clock import Month
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import person_named
from webapp.sites.models import PhotoRule, Site
from webapp.sites.queries import site_coded
from webapp.sync.actions import Sending
from webapp.visits.actions import covers_of, explain_omission, give_back, sign_off
from webapp.visits.queries import not_reached
from webapp.visits.rules import Capacity

STORY = uuid.UUID("6f3c1f5e-8f0f-4d0e-9c39-2a0f8f6f5d10")
ROUND_DAYS = 5  # working days a month's round takes
ABNORMAL_SHARE = 0.02  # of the answers that can be abnormal
WHY = ("接口松动，重插后恢复", "风扇异响，已记录", "读数不稳，待复测", "线缆标签脱落", "电池老化，建议更换")
OMITTED = "设备外借演练，归还后补检"
RETURNED = "没有照片，请补拍并重测"
# what an instrument usually shows where neither a limit nor a last value says it, by unit
USUAL = {"dB": 9, "dBm": -55, "V": 226, "%": 92, "℃": 24, "s": 120, "ms": 60, "Mbit/s": 45, "A": 6, "W": 40, "读数": 62}


@dataclass(frozen=True)
class Cast:
    """Who plays in a site: who inspects, who signs (and takes over the sheet where two signatures are needed), who
    leads the project there and hands in the list of hazards.
    """

    site: str
    technician: str
    supervisor: str
    lead: str


CASTS = (Cast("SG", "tech", "supervisor", "lead"), Cast("FT", "tech2", "supervisor2", "lead2"))


def play(months: Sequence[Month], say: Callable[[str], None]) -> None:
    """Plays these months in both command centres; a month that has records already is left alone."""
    for cast in CASTS:
        for month in months:
            site = site_coded(cast.site)
            if not due_assets(site.id, month):
                say(f"{site.code} {month}: outside the service period, nothing is due")
                continue
            if _has_records(site, month):
                say(f"{site.code} {month}: has records already, left alone")
                continue
            count, days = _play_month(cast, site, month)
            say(f"{site.code} {month}: {count} inspections, signed and sealed")
            last = month == months[-1]
            played = play_faults(site, month, cast.technician, cast.supervisor, is_last=last, request=_request)
            say(f"{site.code} {month}: {played} faults")
            people = cast.lead, cast.supervisor, cast.technician
            listed = play_hazards(site, month, *people, is_last=last, request=_request)
            say(f"{site.code} {month}: {listed} hazards on the list of the month")
            test = _play_joint_test(cast, site, days[-2], is_slow=month == months[-1])
            if test:
                say(f"{site.code} {month}: joint test {test}, signed and sealed")


def past_months(now: datetime, count: int) -> list[Month]:
    """The last complete months before `now`, oldest first."""
    month = Month.of(now.date())
    found = []
    for _turn in range(count):
        month = month.previous()
        found.append(month)
    return found[::-1]


def _has_records(site: Site, month: Month) -> bool:
    start, end = month.bounds(site.timezone)
    wanted = (Inspection.site_id == site.id, Inspection.finished_at >= start, Inspection.finished_at < end)
    return bool(db.session.scalar(select(exists().where(*wanted))))


def _play_month(cast: Cast, site: Site, month: Month) -> tuple[int, list[date]]:
    chance = random.Random(f"{site.code} {month}")  # noqa: S311  (a story, no secret)
    assets = due_assets(site.id, month)
    versions = versions_for(assets)
    omitted = {asset.id for asset in chance.sample(assets, 2)}
    days = _round_days(month, chance)
    count = 0
    for day, share in zip(days, _parts(assets, len(days)), strict=True):
        round_ = _Round(cast, site, month, day, chance)
        done = [asset for asset in share if asset.id not in omitted and asset.id in versions]
        for asset in done:
            round_.inspect(asset, versions[asset.id])
        count += len(done)
        for asset in share:
            if asset.id in omitted:
                round_.leave_out(asset)
        if day == days[1]:
            round_.send_back_and_repeat(versions)
        round_.sign()
    return count, days


def _play_joint_test(cast: Cast, site: Site, day: date, *, is_slow: bool) -> str | None:
    people = person_named(cast.technician), person_named(cast.supervisor)
    return play_joint_test(site, day, *people, is_slow=is_slow, request=_request)


def _parts(assets: list[Asset], number: int) -> Iterator[list[Asset]]:
    """The assets in printed order, in as many equal parts as there are days."""
    size = -(-len(assets) // number)
    for index in range(number):
        yield assets[index * size : (index + 1) * size]


def _round_days(month: Month, chance: random.Random) -> list[date]:
    """Some weekdays in the middle of the month, in order."""
    weekdays = [day for day in (month.first + timedelta(days=n) for n in range(4, 26)) if day.weekday() < 5]
    return sorted(chance.sample(weekdays, ROUND_DAYS))


class _Round:
    """One day of one technician: a clock that runs on, and the deeds of that day."""

    def __init__(self, cast: Cast, site: Site, month: Month, day: date, chance: random.Random) -> None:
        self.cast, self.site, self.month, self.chance = cast, site, month, chance
        self.now = datetime.combine(day, time(9, 0), ZoneInfo(site.timezone))
        self.day = day
        self.abnormal: list[uuid.UUID] = []
        self.service_ends = ""

    @property
    def technician(self) -> Person:
        return person_named(self.cast.technician)

    @property
    def supervisor(self) -> Person:
        return person_named(self.cast.supervisor)

    def inspect(self, asset: Asset, version: PublishedVersion, *, again: uuid.UUID | None = None) -> None:
        """Fills in one checklist and hands it in."""
        started = self.now
        self.now += timedelta(minutes=self.chance.randint(2, 6))
        name = uuid.uuid5(STORY, f"{self.month} {asset.code} {again or ''}")
        limits = _limits(asset, version, self.now)
        form: dict[str, Any] = {
            "asset": str(asset.id),
            "version": str(version.id),
            "started_at": started.isoformat(),
            "finished_at": self.now.isoformat(),
            "run_state": "running",
            "accompanied_by": self.supervisor.name,
        }
        if again:
            form["supersedes"] = str(again)
        is_abnormal = False
        self.service_ends = str(asset.system.service_line.ends_on)
        photos_allowed = (asset.photo_rule or self.site.photo_rule) != PhotoRule.FORBIDDEN
        for item in version.items:
            may_fail = not again and not is_abnormal and not item.is_safety_stop
            is_abnormal |= self._answer(form, item, limits[item.key], name, may_fail, photos_allowed)
        if asset.units > 1:
            form["units_checked"] = str(asset.units)
            if is_abnormal:
                form["unit"] = [str(self.chance.randint(1, asset.units))]
        if is_abnormal:
            form["run_state"] = "defective"
        with _request():
            sending = Sending(sent_at=self.now)
            inspection = hand_in(load_inspection(name, form), sending=sending, by=self.technician, now=self.now)
        if inspection.verdict == "abnormal":
            self.abnormal.append(inspection.id)

    def _answer(
        self, form: dict[str, Any], item: PublishedItem, limits: Bounds, name: uuid.UUID, may_fail: bool, photos: bool
    ) -> bool:
        """Puts one answer into the form; True when it is an abnormal one."""
        fails = may_fail and self.chance.random() < ABNORMAL_SHARE
        if not item.is_required and (item.kind == ItemKind.TEXT or self.chance.random() < 0.5):
            return False
        if item.kind == ItemKind.TEXT:  # the one text that lists ask for is the day a service ends
            form[f"a.{item.key}"] = self.service_ends
        elif item.kind == ItemKind.PASS_FAIL:
            form[f"a.{item.key}"] = "fail" if fails else "pass"
        elif item.kind == ItemKind.CHOICE:
            wanted = [option for option in item.options if bool(option.get("abnormal")) == fails]
            form[f"a.{item.key}"] = (wanted or item.options)[0]["value"]
            fails = fails and bool(wanted)
        elif item.kind == ItemKind.NUMBER:
            fails = False
            form[f"a.{item.key}"] = str(_reading(item, limits, self.chance))
        if photos and (item.photo == "always" or (fails and item.photo == "abnormal")):
            form[f"photo.{item.key}"] = [str(self._photo(f"{name} {item.key}"))]
        if fails:
            form[f"why.{item.key}"] = self.chance.choice(WHY)
            form[f"remedy.{item.key}"] = self.chance.choice(["fixed", "fixed", "fault", "hazard"])
        return fails

    def leave_out(self, asset: Asset) -> None:
        """Says why an asset was not reached, where the sheet of the day offers it."""
        visit = self._visit()
        if asset.id not in {one.id for one in not_reached(visit, self.site)}:
            return
        fields = {"id": self._id(f"omission {asset.code}"), "asset": asset.id, "reason": OMITTED, "given_at": self.now}
        with _request():
            explain_omission(visit.id, fields, by=self.technician, now=self.now)

    def send_back_and_repeat(self, versions: dict[uuid.UUID, PublishedVersion]) -> None:
        """The supervisor returns one abnormal inspection; the technician does it again."""
        if not self.abnormal:
            return
        returned = db.session.get_one(Inspection, self.abnormal[0])
        self.now += timedelta(minutes=5)
        fields = {"id": self._id("return"), "reason": RETURNED, "returned_at": self.now}
        with _request():
            give_back(returned.id, fields, by=self.supervisor, now=self.now)
        asset = next(one for one in due_assets(self.site.id, self.month) if one.id == returned.asset_id)
        self.inspect(asset, versions[asset.id], again=returned.id)

    def sign(self) -> None:
        """Everybody who has to signs the sheet of the day; the last signature seals it."""
        visit = self._visit()
        signers = [(Capacity.INSPECTOR, self.technician)]
        signers.append((Capacity.HANDOVER if self.site.signatures_needed > 1 else Capacity.SUPERVISOR, self.supervisor))
        for capacity, person in signers:
            self.now += timedelta(minutes=10)
            fields = {
                "id": self._id(f"sign {capacity}"),
                "capacity": capacity.value,
                "file": self._file(f"signature {capacity}", signature(person.username + self.day.isoformat()), person),
                "name": person.name,
                "signed_at": self.now,
                "covers": covers_of(visit.id),
            }
            with _request():
                sign_off(visit.id, fields, by=person, now=self.now)

    def _visit(self) -> Visit:
        wanted = (Visit.site_id == self.site.id, Visit.day == self.day, Visit.technician_id == self.technician.id)
        return db.session.scalars(select(Visit).where(*wanted).order_by(Visit.number.desc())).first() or self._none()

    def _none(self) -> Visit:
        raise LookupError(f"{self.site.code} {self.day}: no visit on a day of the round")

    def _photo(self, seed: str) -> uuid.UUID:
        return self._file(f"photo {seed}", photo(seed), self.technician)

    def _file(self, name: str, data: bytes, person: Person) -> uuid.UUID:
        file_id = self._id(name)
        with _request():
            receive_file(file_id, data, None, by=person, now=self.now)
        return file_id

    def _id(self, name: str) -> uuid.UUID:
        return uuid.uuid5(STORY, f"{self.site.code} {self.day} {name}")


@contextmanager
def _request() -> Iterator[None]:
    """One deed as a request does it: a session of its own, one transaction."""
    db.session.remove()
    with transaction():
        yield


def _limits(asset: Asset, version: PublishedVersion, now: datetime) -> dict[str, Bounds]:
    """What is normal for each item of this asset today."""
    last: dict[str, LastValue] = last_values(asset.id, now)
    overrides = overrides_for(asset.id)
    return {
        item.key: bounds(item, last[item.key].value if item.key in last else None, overrides.get(item.key))
        for item in version.items
    }


def _reading(item: PublishedItem, limits: Bounds, chance: random.Random) -> Decimal:
    """A likely reading within the limits, near the last one."""
    wobble = Decimal(chance.randint(-10, 10)) / 10
    if limits.previous is not None:
        value = limits.previous + wobble * abs(limits.previous) / 100
    elif limits.low is not None and limits.high is not None:
        value = (limits.low + limits.high) / 2
    elif limits.low is not None:
        value = limits.low + abs(limits.low) / 5 + abs(wobble)
    elif limits.high is not None:
        value = limits.high - abs(limits.high) / 4 - abs(wobble) * abs(limits.high) / 100
    else:
        value = USUAL.get(item.unit, 10) + wobble
    return _kept_within(value, limits)


def _kept_within(value: Decimal, limits: Bounds) -> Decimal:
    """The value rounded to a tenth, or the nearest one that is normal."""
    rounded = value.quantize(Decimal("0.1"))
    if limits.low is not None and rounded < limits.low:
        return limits.low
    if limits.high is not None and rounded > limits.high:
        return limits.high
    return rounded
