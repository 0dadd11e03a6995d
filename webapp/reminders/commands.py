"""`flask reminders send`: sends what is due, for cron or a timer of systemd."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.reminders.queries import reminders_of, sites_with_targets, targets_of
from webapp.reminders.sending import send
from webapp.sites.queries import site_coded

reminders_commands = AppGroup("reminders", help="What is due, sent to group robots.")


@reminders_commands.command("send")
@click.option("--site", "code", help="Code of one command centre; else all that have targets.")
@click.option("--dry-run", is_flag=True, help="Only say what is due; send nothing, write nothing.")
def send_command(code: str | None, dry_run: bool) -> None:
    """Sends every reminder that is due to every target that is on: each once, however often this runs.

    Ends with 0 only when all that is due was delivered, else with 1; what failed is tried again by later runs.
    """
    with force_locale("en"):
        try:
            sites = [site_coded(code)] if code else sites_with_targets()
        except Problem as problem:
            raise click.ClickException(problem.message) from None
        if dry_run:
            for site in sites:
                on = [target.name for target in targets_of(site.id) if target.is_on]
                for reminder in reminders_of(site, utc_now()):
                    click.echo(f"{site.code} {reminder.key} → {', '.join(on) or 'no target is on'}")
            return
        public_url = current_app.config["SETTINGS"].public_url
        sent = send(sites, public_url=public_url, clock=utc_now, tell=click.echo)
    click.echo(f"{sent.delivered} delivered, {sent.failed} failed, {sent.missing} still missing.")
    if sent.missing:
        raise SystemExit(1)
