"""`flask demo …`: example data, only where DEMO is on."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
import qrcode
from flask import current_app
from flask.cli import AppGroup

from webapp.demo.history import past_months, play
from webapp.demo.load import load
from webapp.demo.plans import plan_ahead, plan_months
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

demo = AppGroup("demo", help="Example data: both command centres, their lists, a cast of people.")


@demo.command("load")
def load_command() -> None:
    """Loads both command centres, the cast, the checklists. Loading again changes nothing."""
    password = demo_password()
    with transaction():
        load(password, now=utc_now())
    click.echo("Demo accounts: tech, lead, supervisor, office, admin (韶关); tech2, lead2, supervisor2 (福田)")
    click.echo(f"Password of all of them: {password}")


@demo.command("history")
@click.option("--months", default=3, type=click.IntRange(1, 12), help="How many complete past months.")
def history_command(months: int) -> None:
    """Makes past months of example records by playing the real actions; takes a minute."""
    demo_password()
    now = utc_now()
    past = past_months(now, months)
    plan_months(past, click.echo)
    play(past, click.echo)
    plan_ahead(now, click.echo)


@demo.command("address")
def address_command() -> None:
    """Prints the address of the app, also as a QR symbol for a phone on the same network."""
    public_url = current_app.config["SETTINGS"].public_url
    symbol = qrcode.QRCode(border=2)
    symbol.add_data(public_url)
    symbol.make(fit=True)
    symbol.print_ascii(invert=True)
    click.echo(f"Xunjian is at {public_url}")
    if "127.0.0.1" in public_url or "localhost" in public_url:
        click.echo("For phones on the same network start with HOST=0.0.0.0; camera and offline work need HTTPS.")


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
