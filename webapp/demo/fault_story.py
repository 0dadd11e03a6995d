"""What became of the faults that rounds of past months found: repaired, tested and closed by the real steps."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.extensions import db
from webapp.faults.flow import step_document, take_step
from webapp.faults.models import Finding, FindingKind
from webapp.faults.schemas import StepSchema
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.people.queries import person_named
from webapp.sites.models import Site

STORY = uuid.UUID("3d0f2c5e-6c1b-4a55-9d61-0b6e1f0d7a21")
RESTORED = "重插接口并更换跳线，业务恢复"
REPAIRED = "更换备件，运行正常"
RECORDS = (
    {"cause": "cabling", "handling": "更换跳线并重新扎线", "analysis": "接头氧化，接触不良"},
    {"cause": "wear", "handling": "更换风扇", "analysis": "风扇轴承磨损"},
    {"cause": "power", "handling": "更换电源模块", "analysis": "电源模块老化"},
    {"cause": "configuration", "handling": "恢复配置并备份", "analysis": "断电后配置未保存"},
)
LEARNT = {"responsibility": "设备自然损耗，无人为责任", "lessons": "列入下月重点巡检，备足备件"}

Request = Callable[[], AbstractContextManager[None]]


def play_faults(site: Site, month: Month, technician: str, supervisor: str, *, is_last: bool, request: Request) -> int:
    """Plays the faults that rounds of a month found; how many. Of the last month the newest waits for its test."""
    start, end = month.bounds(site.timezone)
    wanted = (
        Finding.site_id == site.id,
        Finding.kind == FindingKind.FAULT.value,
        Finding.closed_at.is_(None),
        Finding.source.startswith("inspection:"),
        Finding.reported_at >= start,
        Finding.reported_at < end,
    )
    ids = db.session.scalars(select(Finding.id).where(*wanted).order_by(Finding.reported_at, Finding.number)).all()
    chance = random.Random(f"faults {site.code} {month}")  # noqa: S311  (a story, no secret)
    for finding_id in ids:
        story = _Story(finding_id, person_named(technician), person_named(supervisor), chance, request)
        story.repair()
        if not (is_last and finding_id == ids[-1]):
            story.test()
    return len(ids)


class _Story:
    """One fault: a clock that runs on, and what happens to it."""

    def __init__(
        self, finding_id: uuid.UUID, technician: Person, supervisor: Person, chance: random.Random, request: Request
    ) -> None:
        self.finding_id, self.request, self.chance = finding_id, request, chance
        self.technician, self.supervisor = technician, supervisor
        finding = db.session.get_one(Finding, finding_id)
        self.now: datetime = finding.reported_at
        self.is_major = finding.level == "major"

    def repair(self) -> None:
        """From taking it on to the record."""
        chance = self.chance
        self._take("acknowledged", chance.randint(2, 9), self.technician, text="已电话回复，马上处理")
        if self.is_major:
            self._take("informed", 2, self.technician, person=self.supervisor.name)
            self._take("backed_up", 5, self.technician, text="配置已导出到维护笔记本")
        self._take("restored", chance.randint(20, 80), self.technician, text=RESTORED)
        # one in eight takes longer than the contract allows
        took = chance.randint(560, 900) if chance.random() < 0.125 else chance.randint(30, 120)
        self._take("repaired", took, self.technician, text=REPAIRED)
        self._take("analysed", 20, self.technician, **chance.choice(RECORDS), **LEARNT)

    def test(self) -> None:
        """The bureau tests; that closes it."""
        self._take(
            "tested", self.chance.randint(30, 600), self.supervisor, passed="true", text="恢复测试合格，销障结单"
        )

    def _take(self, kind: str, minutes: int, by: Person, **fields: Any) -> None:
        self.now += timedelta(minutes=minutes)
        name = uuid.uuid5(STORY, f"{self.finding_id} {kind}")
        loaded = StepSchema().load({"id": str(name), "kind": kind, **fields})
        with self.request():
            person = person_named(by.username)
            document = step_document(self.finding_id, loaded, [], person)
            take_step(self.finding_id, document, loaded, by=person, now=self.now)
