"""`flask calls`: old contact data masked."""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import AppGroup

from webapp.calls.actions import mask_callers
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

calls_commands = AppGroup("calls", help="The call register.")


@calls_commands.command("mask-callers")
@click.option("--days", type=click.IntRange(1), required=True, help="Ended longer ago than so many days.")
def mask(days: int) -> None:
    """Takes name and telephone of callers out of calls that ended long ago, or whose fault was closed long ago."""
    with transaction():
        now = utc_now()
        count = mask_callers(now - timedelta(days=days), now=now)
    click.echo(f"{count} callers masked")
