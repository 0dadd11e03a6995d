"""The October of the reports' tests as documents: made at once, without a thread."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from pathlib import Path

from flask import Flask

from tests.reports.month_of_work import AFTER_OCTOBER, OCTOBER, site_called, somebody
from webapp.documents import actions, worker
from webapp.documents.collect import Material
from webapp.documents.models import Kind
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

PAGE = "/documents/2026-10"


def material(folder: Path) -> Material:
    """What October's papers are built from, within a request."""
    return Material(site_called("SG"), OCTOBER, by=somebody("lead"), now=AFTER_OCTOBER, folder=folder)


def ask(kinds: Collection[Kind], username: str = "lead") -> uuid.UUID:
    """A job for October that nobody works on yet."""
    with transaction():
        job, is_new = actions.ask(site_called("SG"), OCTOBER, kinds, by=somebody(username), now=utc_now())
        assert is_new
        return job.id


def make(app: Flask, kinds: Collection[Kind]) -> uuid.UUID:
    """Makes documents of October and waits for them."""
    with app.test_request_context():
        job_id = ask(kinds)
        db.session.remove()
    worker.work(app, job_id)
    return job_id
