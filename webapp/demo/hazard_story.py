"""What became of the hazards that rounds of past months found: listed, agreed to, rectified, checked by real steps."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp.extensions import db
from webapp.faults.actions import close
from webapp.faults.hazard_queries import found_hazards
from webapp.faults.hazard_schemas import HazardStepSchema
from webapp.faults.hazards import Decision, decide, hand_in_list, step_document, take_step
from webapp.faults.models import Finding
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.people.queries import person_named
from webapp.sites.models import Site
from webapp.sites.queries import site_coded

STORY = uuid.UUID("9a1b7c44-2f0e-4b7d-8a53-5f3f0f6f2b90")
REFUSED_SHARE = 0.15
PROPOSALS = ("更换老化部件", "重新紧固并做标识", "清洁除尘，加装防护", "调整安装位置并固定")
CONSENTS = ("同意整改，注意断电操作", "同意，安排在非工作时间", "同意")
REFUSAL = "不影响使用，纳入下年度更新计划"
DONE = ("已更换，运行正常", "已紧固并贴标识", "已清洁，温度恢复正常")
CHECKED = "现场核验合格"

Request = Callable[[], AbstractContextManager[None]]


def play_hazards(
    site: Site, month: Month, lead: str, supervisor: str, technician: str, *, is_last: bool, request: Request
) -> int:
    """Plays the hazards of a month; how many stand on its list. Those of the last month mostly wait for the bureau."""
    code = site.code
    ids = [each.finding.id for each in found_hazards(site) if each.month <= month]
    if not ids:
        return 0
    chance = random.Random(f"hazards {code} {month}")  # noqa: S311  (a story, no secret)
    now = datetime.combine(month.last, time(15, 0), ZoneInfo(site.timezone))
    with request():
        proposals = {finding_id: chance.choice(PROPOSALS) for finding_id in ids}
        hand_in_list(site_coded(code), month, proposals, by=person_named(lead), now=now)
    decided = ids[: len(ids) // 3] if is_last else ids
    for finding_id in decided:
        now += timedelta(minutes=20)
        is_approved = chance.random() >= REFUSED_SHARE
        reason = chance.choice(CONSENTS) if is_approved else REFUSAL
        with request():
            said = [Decision(finding_id, is_approved, reason)]
            decide(site_coded(code).id, said, by=person_named(supervisor), now=now)
        if is_approved and not is_last:
            begun = now + timedelta(days=chance.randint(1, 4))
            _take(finding_id, "started", "", technician, begun, request)
            _take(finding_id, "done", chance.choice(DONE), technician, begun + timedelta(hours=2), request)
            with request():
                finding, by = db.session.get_one(Finding, finding_id), person_named(supervisor)
                close(finding, CHECKED, by=by, now=begun + timedelta(days=1))
    return len(ids)


def _take(finding_id: uuid.UUID, kind: str, text: str, username: str, now: datetime, request: Request) -> None:
    form = {"id": str(uuid.uuid5(STORY, f"{finding_id} {kind}")), "kind": kind} | ({"text": text} if text else {})
    loaded = HazardStepSchema().load(form)
    with request():
        by: Person = person_named(username)
        document = step_document(finding_id, loaded, [], by)
        take_step(finding_id, document, loaded, by=by, now=now)
