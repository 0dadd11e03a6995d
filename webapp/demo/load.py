"""Loads the demo: both command centres with their real lists, the cast, checklists. Loading twice changes nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from webapp.extensions import db
from webapp.people.actions import add_person
from webapp.people.models import Person
from webapp.sites.actions import add_service_line, add_site, give_role
from webapp.sites.models import Role, Site

HERE = Path(__file__).parent
TIMEZONE = "Asia/Shanghai"


def load(password: str, *, now: datetime) -> None:
    """Everything of the demo that is not there yet."""
    plan = read_yaml("sites.yaml")
    policies = read_yaml("fault_and_scoring.yaml")
    for entry in plan["sites"]:
        if db.session.scalar(select(Site.id).where(Site.code == entry["code"])) is None:
            _load_site(entry, policies[entry["policy"]]["fault_levels"], now=now)
    _load_people(plan["people"], password, now=now)


def read_yaml(name: str) -> dict[str, Any]:
    """A data file of the demo."""
    content: dict[str, Any] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return content


def _load_site(entry: dict[str, Any], levels: list[dict[str, Any]], *, now: datetime) -> None:
    site = add_site(
        entry["code"],
        entry["name"],
        entry["short_name"],
        timezone=TIMEZONE,
        signatures_needed=entry["signatures_needed"],
        photo_rule=entry["photo_rule"],
        fault_levels=levels,
        is_demo=True,
        by=None,
        now=now,
    )
    for line in entry["service_lines"]:
        add_service_line(site, line["number"], line["name"], line["starts_on"], line["ends_on"])


def _load_people(people: list[dict[str, Any]], password: str, *, now: datetime) -> None:
    sites = {site.code: site for site in db.session.scalars(select(Site))}
    for entry in people:
        person = db.session.scalar(select(Person).where(Person.username == entry["username"]))
        if person is None:
            person = add_person(
                entry["username"],
                entry["name"],
                password,
                nda_signed_on=now.date(),
                by=None,
                now=now,
                must_change_password=False,
            )
        give_role(person, sites[entry["site"]], Role(entry["role"]), by=None, now=now)
        db.session.flush()
