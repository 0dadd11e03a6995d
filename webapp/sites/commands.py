"""`flask sites …` and `flask people …`: setting up from the command line, before anybody can sign in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.people.actions import set_temporary_password
from webapp.people.models import Person
from webapp.people.queries import person_named
from webapp.sites.actions import give_role
from webapp.sites.importing import import_sites, read_sites
from webapp.sites.models import Role
from webapp.sites.queries import site_coded
from webapp.sites.staff import add_member, temporary_password

sites_commands = AppGroup("sites", help="Command centres and their contracts.")
people_commands = AppGroup("people", help="Accounts.")


@sites_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """Adds the command centres of a YAML FILE, brings those that are there up to date. All or nothing.

    \b
    sites:
      - code: QY                    # capital letters and digits
        name: 清远市应急指挥中心
        short_name: 清远
        signatures_needed: 1        # 2: inspector and handover
        photo_rule: allowed         # allowed, close_up, forbidden
        fault_levels:
          - {key: major, zh: 重大故障, en: Major fault, response_min: 10, arrival_min: 60, handling_min: 240}
        service_lines:
          - {number: 1, name: 指挥大厅, starts_on: 2026-01-01, ends_on: 2026-12-31}
    """
    try:
        with transaction():
            imported = import_sites(read_sites(file.read_bytes(), file.name), by=None, now=utc_now())
    except Problem as problem:
        raise click.ClickException(f"{problem.message}\nNothing was changed.") from None
    click.echo(f"{imported.added} command centres added, {imported.updated} brought up to date.")


@people_commands.command("add")
@click.option("--username", required=True, help="Account name: letters, digits, dots, hyphens.")
@click.option("--name", prompt=True, help="Name as it stands on the sheets.")
@click.option("--site", "site_code", required=True, help="Code of the command centre.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--nda-on", type=click.DateTime(["%Y-%m-%d"]), help="Day the confidentiality agreement was signed.")
def add_command(username: str, name: str, site_code: str, roles: tuple[str, ...], nda_on: datetime | None) -> None:
    """Adds an account and prints its temporary password; an account that is there gets the roles."""
    wanted = {Role(role) for role in roles}
    signed_on = nda_on.date() if nda_on else None
    try:
        with transaction():
            site = site_coded(site_code)
            here = db.session.scalar(select(Person).where(Person.username == username))
            if here:
                for role in sorted(wanted):
                    give_role(here, site, role, by=None, now=utc_now())
                answer = f"{username} is there already and now has these roles in {site.short_name}."
            else:
                values: dict[str, Any] = {"nda_signed_on": signed_on, "by": None, "now": utc_now()}
                _person, password = add_member(site, username, name, wanted, **values)
                answer = f"{username} was added. Temporary password: {password}"
    except Problem as problem:
        raise click.ClickException(problem.message) from None
    click.echo(answer)
    if not here and not signed_on:
        click.echo("Without --nda-on the account cannot sign in until an administrator enters the date.")


@people_commands.command("reset-password")
@click.argument("username")
def reset_password_command(username: str) -> None:
    """Prints a temporary password for an account and signs all its devices out."""
    try:
        with transaction():
            password = temporary_password(username)
            set_temporary_password(person_named(username), password, by=None, now=utc_now())
    except Problem as problem:
        raise click.ClickException(problem.message) from None
    click.echo(f"Temporary password of {username}: {password}")
