"""Loads the demo: both command centres with their real lists, the cast, checklists. Loading twice changes nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from webapp.checklists.actions import import_checklists
from webapp.checklists.exchange import parse
from webapp.demo.assets import load_assets
from webapp.extensions import db
from webapp.jointtests.actions import import_form
from webapp.people.actions import add_person
from webapp.people.models import Person
from webapp.sites.actions import give_role
from webapp.sites.contacts import add_contact, contacts_of
from webapp.sites.importing import SiteEntry, import_sites, read_site
from webapp.sites.models import Role, Site
from webapp.sites.queries import site_coded

HERE = Path(__file__).parent
TIMEZONE = "Asia/Shanghai"
CONTRACT = ("fault_levels", "fault_kinds", "fault_terms")
DEMO_ONLY = {"policy", "lists", "places", "service_lines", "contacts"}


def load(password: str, *, now: datetime) -> None:
    """Everything of the demo that is not there yet."""
    plan = read_yaml("sites.yaml")
    policies = read_yaml("fault_and_scoring.yaml")
    here = set(db.session.scalars(select(Site.code)))
    new = [_site(entry, policies[entry["policy"]]) for entry in plan["sites"] if entry["code"] not in here]
    import_sites(new, is_demo=True, by=None, now=now)
    for entry in plan["sites"]:
        load_assets(entry, keeper=_technician_of(entry["code"], plan["people"]), now=now)
        _load_contacts(site_coded(entry["code"]), entry["contacts"], now=now)
    import_checklists(parse((HERE / "checklists.yaml").read_bytes(), "checklists.yaml"), now=now)
    import_form(read_yaml("joint_test.yaml"), now=now)
    _load_people(plan["people"], password, now=now)


def _load_contacts(site: Site, contacts: list[dict[str, str]], *, now: datetime) -> None:
    if not contacts_of(site.id):
        for contact in contacts:
            add_contact(site, contact, by=None, now=now)


def _technician_of(site_code: str, people: list[dict[str, Any]]) -> str:
    """Who keeps the assets of a site in the demo (R121): its technician."""
    return str(next(p["name"] for p in people if p["site"] == site_code and p["role"] == Role.TECHNICIAN))


def read_yaml(name: str) -> dict[str, Any]:
    """A data file of the demo."""
    content: dict[str, Any] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return content


def _site(entry: dict[str, Any], policy: dict[str, Any]) -> SiteEntry:
    """An entry of sites.yaml without what is for the demo only, with the contract's fault levels."""
    fields = {name: entry[name] for name in entry if name not in DEMO_ONLY}
    lines = [{name: line[name] for name in line if name != "section"} for line in entry["service_lines"]]
    contract: dict[str, Any] = {name: policy[name] for name in CONTRACT if name in policy}
    return read_site({**fields, "service_lines": lines, "timezone": TIMEZONE, **contract})


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
