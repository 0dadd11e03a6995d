"""`flask faults`: warnings that have come due, clocks worked out anew, old contact data masked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from webapp.extensions import db
from webapp.faults.actions import lock
from webapp.faults.callers import mask_callers
from webapp.faults.deadlines import due_now, escalate, renew
from webapp.faults.label_reports import mask_contacts
from webapp.faults.models import Finding, FindingKind
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

faults_commands = AppGroup("faults", help="Faults with the clocks of the contract.")


def sweep_once() -> int:
    """Escalates everything that has come due by now, longest ago first; how many this sweep was the one to escalate.

    Each in a transaction of its own: what is claimed is told, whatever happens afterwards.
    """
    count = 0
    while ids := _due():
        for deadline_id in ids:
            with transaction():
                count += escalate(deadline_id, now=utc_now())
    return count


@faults_commands.command("sweep")
@click.option("--every", "seconds", type=click.IntRange(5, 3600), help="Go on, and look again after so many seconds.")
def sweep(seconds: int | None) -> None:
    """Warns lead and bureau of clocks at 50, 80 and 100 % of their limits. Run it every minute, on as many machines
    as you like: each warning is given once. After downtime what came due meanwhile is given at once.
    """
    click.echo(f"{sweep_once()} warnings")
    while seconds:
        time.sleep(seconds)
        db.session.remove()
        try:
            if count := sweep_once():
                click.echo(f"{count} warnings")
        except OperationalError as error:  # the database is away or busy: warnings must go on when it is back
            click.echo(f"database failed, next try in {seconds} s: {error.orig}", err=True)


@faults_commands.command("recompute")
def recompute() -> None:
    """Works out all faults anew from their events: what lists sort by, and deadlines. Harmless at any time."""
    wanted = select(Finding.id).where(Finding.kind == FindingKind.FAULT.value).order_by(Finding.id)
    ids = db.session.scalars(wanted).all()
    for finding_id in ids:
        with transaction():
            finding = db.session.get_one(Finding, finding_id)
            lock(finding)
            renew(finding, now=utc_now())
    click.echo(f"{len(ids)} faults")


@faults_commands.command("mask-callers")
@click.option("--days", type=click.IntRange(1), required=True, help="Closed longer ago than so many days.")
def mask(days: int) -> None:
    """Takes name and telephone of callers out of faults that have been closed for long."""
    with transaction():
        now = utc_now()
        count = mask_callers(now - timedelta(days=days), now=now)
    click.echo(f"{count} callers masked")


@faults_commands.command("mask-label-reports")
@click.option("--days", type=click.IntRange(1), required=True, help="Reported longer ago than so many days.")
def mask_label_reports(days: int) -> None:
    """Takes name and telephone out of what was told from labels without an account."""
    with transaction():
        now = utc_now()
        count = mask_contacts(now - timedelta(days=days), now=now)
    click.echo(f"{count} reports masked")


def _due() -> Sequence[int]:
    db.session.rollback()  # a fresh look: what others have claimed meanwhile is not seen otherwise
    return due_now(utc_now())
