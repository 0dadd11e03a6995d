"""`flask plans draft`: drafting the next plan from cron or a systemd timer."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.plans.actions import draft
from webapp.sites.models import Site
from webapp.sites.queries import site_coded

plans_commands = AppGroup("plans", help="Plans of months.")


@plans_commands.command("draft")
@click.argument("site")
@click.argument("month", required=False)
def draft_command(site: str, month: str | None) -> None:
    """Drafts the plan of MONTH (2026-12; else the next one) for SITE (a code such as SG), or completes the draft.

    It may run every day: again it adds only what is missing, and a plan that was handed in is left alone.
    """
    with force_locale("en"):
        try:
            with transaction():
                here = site_coded(site)
                chosen = _month(month, here)
                found = draft(here, chosen, by=None, now=utc_now())
        except Problem as problem:
            raise click.ClickException(problem.message) from None
    click.echo(f"{site} {chosen}: {found.status}, version {found.version}, {found.added} added, {found.lines} lines")


def _month(text: str | None, site: Site) -> Month:
    if text is None:
        return Month.of(local_day(utc_now(), site.timezone)).next()
    try:
        return Month.parse(text)
    except ValueError:
        raise click.BadParameter("give a month like 2026-12", param_hint="MONTH") from None
