"""`flask month close`: closing a month from the command line."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.kit.clock import Month, utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named
from webapp.reports.closing import close
from webapp.seals.queries import seal_of
from webapp.seals.rules import MONTH
from webapp.sites.access import require
from webapp.sites.queries import site_coded
from webapp.sites.rules import Right

month_commands = AppGroup("month", help="Months of command centres.")


@month_commands.command("close")
@click.argument("site")
@click.argument("month")
@click.option("--by", "username", help="Account of the lead who closes it; else the command line is noted.")
@click.option("--nevertheless", is_flag=True, help="Close although devices are known to hold unsent work.")
@click.option("--reason", default="", help="Why; needed with unsent work.")
def close_command(site: str, month: str, username: str | None, nevertheless: bool, reason: str) -> None:
    """Closes and seals a MONTH (2026-11) of SITE (a code such as SG) that is over.

    What arrives afterwards is listed as an addendum and changes no figure of the month. It is closed although the
    bureau has not accepted its summary; the output says so, and it is sealed with the month.
    """
    with force_locale("en"):
        try:
            chosen = _month(month)
            with transaction():
                here, by = site_coded(site), person_named(username) if username else None
                if by:
                    require(by, Right.CLOSE_MONTH, here.id)
                closed = close(here, chosen, reason=reason.strip(), nevertheless=nevertheless, by=by, now=utc_now())
                sealed = seal_of(MONTH, closed.id)
        except Problem as problem:
            more = "".join(f"\n  {name}: {' '.join(texts)}" for name, texts in problem.fields.items())
            raise click.ClickException(f"{problem.message}{more}") from None
    figures = closed.figures
    click.echo(f"{site} {month}: closed. {figures['done']} of {figures['due']} rows inspected, {figures['open']} open.")
    if not json.loads(closed.content)["accepted"]:
        click.echo("The bureau had not accepted this summary; that is kept and sealed with the month.")
    if sealed:
        click.echo(f"Seal No. {sealed.number}: {sealed.digest}")


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise click.BadParameter("give a month like 2026-11", param_hint="MONTH") from None
