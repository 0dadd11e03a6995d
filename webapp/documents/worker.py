"""The worker that makes documents: a thread of the server's own process, whose job is a row that everybody can see.

The thread works in Chinese whatever its asker reads: the papers are filed in a Chinese office. Beside it a second
thread renews the beat; both end with the process, and then the job counts as failed and can be started again.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from flask_babel import force_locale

from webapp.documents import actions
from webapp.documents.actions import Made
from webapp.documents.bundle import write_bundle
from webapp.documents.collect import Material, write
from webapp.documents.models import DocumentJob, Format, Kind, Outcome
from webapp.documents.parts import file_name_of, number_of
from webapp.documents.queries import parties_of
from webapp.documents.rules import formats_of
from webapp.extensions import db
from webapp.files.store import store
from webapp.kit.clock import Month, utc_now
from webapp.kit.language import show_times_of
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.models import Site

BEAT_SECONDS = 10
LEFTOVER_SECONDS = 86_400  # a folder so old belongs to a process that was killed
FAILED = "error"


class Ended(Exception):
    """Somebody ended the job meanwhile: nothing more is made."""


def start(job_id: uuid.UUID) -> None:
    """Begins to work on a job and returns at once."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    threading.Thread(target=work, args=(app, job_id), name=f"documents-{job_id}", daemon=True).start()


def work(app: Flask, job_id: uuid.UUID) -> None:
    """Makes everything that a job asks for, and ends it, done or failed."""
    with app.app_context(), force_locale("zh"), _beating(app, job_id):
        try:
            _make_all(job_id)
            outcome, problem = Outcome.DONE, ""
        except Ended:
            return
        except Problem as error:
            outcome, problem = Outcome.FAILED, error.message
        except Exception:  # whatever it is, people must not wait for it for ever
            app.logger.exception("documents of job %s", job_id)
            outcome, problem = Outcome.FAILED, FAILED
        db.session.rollback()
        with transaction():
            actions.end(job_id, outcome, problem=problem, now=utc_now())


def _make_all(job_id: uuid.UUID) -> None:
    job = db.session.get_one(DocumentJob, job_id)
    site, by = db.session.get_one(Site, job.site_id), db.session.get_one(Person, job.asked_by)
    show_times_of(site.timezone)
    month, kinds = Month.parse(job.month), [Kind(kind) for kind in job.kinds]
    with _folder() as folder:
        material = Material(site, month, by=by, now=utc_now(), folder=folder)
        for kind in kinds:
            _make(job, kind, material, folder)


def _make(job: DocumentJob, kind: Kind, material: Material, folder: Path) -> None:
    """One document in all its formats, under one version."""
    version = actions.next_version(material.site.id, material.month, kind)
    paper = None
    for form in formats_of(kind):
        _begin(job, kind, form)
        target = folder / f"{kind}.{form}"
        if kind is Kind.BUNDLE:
            write_bundle(material, version, target)
        else:
            paper = paper or material.paper(kind, version)
            write(paper, form, target)
        size = target.stat().st_size
        sha256 = store().take(target)
        parties = parties_of(material.site.id)
        with transaction():
            actions.keep(
                job,
                Made(
                    kind=kind,
                    format=form,
                    version=version,
                    number=number_of(material.site.code, material.month, kind, version),
                    file_name=file_name_of(parties.client or material.site.name, material.month, kind, form.value),
                    sha256=sha256,
                    size=size,
                    is_final=material.summary.closing is not None,
                    as_of=material.now,
                ),
                now=utc_now(),
            )


def _begin(job: DocumentJob, kind: Kind, form: Format) -> None:
    with transaction():
        is_ours = actions.begin_step(job.id, f"{kind}.{form}", now=utc_now())
    if not is_ours:
        raise Ended


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for this job beside the other data; what killed processes left behind is removed."""
    place: Path = current_app.config["SETTINGS"].data_dir / "making"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        if time.time() - left.stat().st_mtime > LEFTOVER_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place, prefix="job-") as name:
        yield Path(name)


@contextmanager
def _beating(app: Flask, job_id: uuid.UUID) -> Iterator[None]:
    stop = threading.Event()

    def beat() -> None:
        with app.app_context():
            while not stop.wait(BEAT_SECONDS):
                try:
                    with transaction():
                        actions.beat(job_id, now=utc_now())
                except Exception:  # a busy database is no reason to stop
                    app.logger.exception("beat of job %s", job_id)

    heart = threading.Thread(target=beat, name=f"beat-{job_id}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        stop.set()
        heart.join()
