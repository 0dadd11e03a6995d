"""Jobs: one at a time for a month, seen by everybody, never lost, never waited for in vain."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.documents.october import ask, make
from tests.reports.month_of_work import OCTOBER, site_called, somebody
from tests.reports.test_views import full_october  # noqa: F401  (a fixture)
from webapp.documents import actions, worker
from webapp.documents.models import Document, DocumentJob, Format, Kind, Outcome
from webapp.documents.rules import DEAD_AFTER, formats_of, is_dead, kinds_to_make, steps_of
from webapp.extensions import db
from webapp.files.store import store
from webapp.kit.clock import utc_now
from webapp.kit.pdf import PdfUnavailable
from webapp.kit.transaction import transaction


def job_now(app, job_id):
    with app.app_context():
        job = db.session.get(DocumentJob, job_id)
        db.session.expunge(job)
        return job


def documents_of(app):
    with app.app_context():
        return list(db.session.scalars(select(Document).order_by(Document.kind, Document.version, Document.format)))


def test_a_bundle_is_made_with_all_that_is_in_it():
    assert kinds_to_make([Kind.BUNDLE]) == tuple(Kind)
    assert kinds_to_make([Kind.HAZARDS, Kind.PLAN]) == (Kind.PLAN, Kind.HAZARDS)
    assert steps_of(tuple(Kind)) == 7 * 4 + 1
    assert formats_of(Kind.BUNDLE) == (Format.ZIP,)


def test_a_job_is_dead_once_its_beat_is_old():
    now = utc_now()
    assert not is_dead(now - DEAD_AFTER, now)
    assert is_dead(now - DEAD_AFTER - timedelta(seconds=1), now)


def test_two_who_ask_get_one_job_and_the_next_one_begins_when_it_has_ended(context):
    first = ask([Kind.HAZARDS])
    with transaction():
        second, is_new = actions.ask(site_called("SG"), OCTOBER, [Kind.PLAN], by=somebody("office"), now=utc_now())
    assert (second.id, is_new) == (first, False)
    with transaction():
        actions.end(first, Outcome.DONE, now=utc_now())
    assert ask([Kind.PLAN], "office") != first


def test_a_job_whose_process_died_can_be_started_again(context):
    first = ask([Kind.HAZARDS])
    with transaction():
        db.session.execute(update(DocumentJob).values(beat_at=utc_now() - DEAD_AFTER - timedelta(seconds=5)))
    second = ask([Kind.HAZARDS])
    old = db.session.get_one(DocumentJob, first, populate_existing=True)
    assert second != first
    assert (old.outcome, old.problem) == (Outcome.FAILED, actions.DIED)
    with transaction():
        assert not actions.beat(first, now=utc_now())  # should it wake up again, it learns that it was given up
        assert not actions.begin_step(first, "hazards.pdf", now=utc_now())
        assert actions.beat(second, now=utc_now())


@pytest.mark.usefixtures("full_october")
def test_documents_are_kept_by_their_digest_with_version_and_maker_and_never_overwritten(app):
    job = job_now(app, make(app, [Kind.HAZARDS]))
    assert (job.outcome, job.done, job.total, job.slot) == (Outcome.DONE, 4, 4, None)
    make(app, [Kind.HAZARDS])
    rows = documents_of(app)
    assert [(row.version, row.format) for row in rows] == [
        (version, form) for version in (1, 2) for form in ("docx", "html", "pdf", "xlsx")
    ]
    with app.app_context():
        lead = somebody("lead").id
        for row in rows:
            assert row.made_by == lead
            assert store().file(row.sha256).stat().st_size == row.size
            assert row.file_name.endswith(f"_2026年10月_{row.file_name.split('_')[-1]}")
    assert {row.number for row in rows} == {"SG-202610-YH-01", "SG-202610-YH-02"}


@pytest.mark.one_database
@pytest.mark.usefixtures("full_october")
def test_a_job_that_fails_says_why_and_keeps_what_was_finished(app, monkeypatch):
    def broken(paper, form, target):
        if form is Format.DOCX:
            raise PdfUnavailable("Pango is missing")
        target.write_bytes(b"x")

    monkeypatch.setattr(worker, "write", broken)
    job = job_now(app, make(app, [Kind.HAZARDS]))
    assert (job.outcome, job.problem, job.done) == (Outcome.FAILED, "Pango is missing", 1)
    assert [row.format for row in documents_of(app)] == ["pdf"]
    monkeypatch.setattr(worker, "write", lambda *_: 1 / 0)
    assert job_now(app, make(app, [Kind.HAZARDS])).problem == worker.FAILED


@pytest.mark.usefixtures("full_october")
def test_a_job_that_was_given_up_makes_nothing_more(app):
    with app.test_request_context():
        job_id = ask([Kind.HAZARDS])
        with transaction():
            actions.end(job_id, Outcome.FAILED, problem=actions.DIED, now=utc_now())
        db.session.remove()
    worker.work(app, job_id)
    assert documents_of(app) == []
    assert job_now(app, job_id).problem == actions.DIED


@pytest.mark.usefixtures("full_october")
def test_a_thread_of_the_server_makes_what_somebody_asks_for(app, as_):
    browser = as_("office")
    assert browser.post("/documents/2026-10/jobs", data={"kind": "hazards"}).status_code == 303
    until = time.monotonic() + 60
    while time.monotonic() < until and len(documents_of(app)) < 4:
        time.sleep(0.2)
    time.sleep(0.5)  # the thread still has to say that it is done
    assert "Make again" in browser.get("/documents/2026-10").text
