"""`flask demo …`: example data, only where DEMO is on."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.demo.load import load
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

demo = AppGroup("demo", help="Example data: both command centres, their lists, a cast of people.")


@demo.command("load")
def load_command() -> None:
    """Loads both command centres, the cast, the checklists. Loading again changes nothing."""
    password = demo_password()
    with transaction():
        load(password, now=utc_now())
    click.echo("Demo accounts: tech, lead, supervisor, office, admin (韶关); tech2, supervisor2 (福田)")
    click.echo(f"Password of all of them: {password}")


def demo_password() -> str:
    """DEMO_PASSWORD, or a random one that is made once and kept beside the database."""
    settings = current_app.config["SETTINGS"]
    if not settings.demo:
        raise click.ClickException("Example data can only be loaded where DEMO=1 is set.")
    if settings.demo_password:
        return str(settings.demo_password)
    kept: Path = settings.data_dir / "demo_password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(9))
    return kept.read_text().strip()
