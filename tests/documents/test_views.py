"""The page of documents, making and taking them: who may, what is logged, what the page says."""

from __future__ import annotations

import hashlib
import io
from urllib.parse import quote

import pytest
from docx import Document as Word
from sqlalchemy import select

from tests.documents.october import PAGE, make
from tests.reports.test_views import full_october  # noqa: F401  (a fixture)
from webapp.audit.models import AuditEntry, Verb
from webapp.documents import worker
from webapp.documents.models import Document, DocumentJob, Kind, PartyNames
from webapp.documents.rules import DEAD_AFTER
from webapp.extensions import db
from webapp.files.store import store
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

pytestmark = pytest.mark.usefixtures("full_october")


@pytest.fixture
def begun(monkeypatch):
    """The jobs that would have been begun."""
    ids = []
    monkeypatch.setattr(worker, "start", ids.append)
    return ids


def exports(app):
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.REPORT_EXPORTED))
        return [(row.facts["kind"], row.facts.get("sha256", "")) for row in rows]


def test_a_month_without_documents_offers_to_make_each_of_them(as_):
    text = as_("office").get(PAGE).text
    for name in ("Monthly inspection plan", "Monthly inspection report", "Monthly joint-test report", "Hazard list"):
        assert name in text
    assert text.count("Not made yet") == len(Kind)
    assert "No plan was drafted for this month." in text
    assert "The month is not closed." in text


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("username", "status"), [("lead", 200), ("supervisor", 200), ("office", 200), ("tech", 403), ("admin", 403)]
)
def test_only_those_who_may_export_see_make_and_take_documents(as_, begun, username, status):
    browser = as_(username)
    assert browser.get(PAGE).status_code == status
    assert browser.post(f"{PAGE}/jobs", data={"kind": "hazards"}).status_code == (303 if status == 200 else 403)
    assert len(begun) == (status == 200)
    assert browser.get("/months/2026-10.docx").status_code == status


def test_a_document_is_taken_out_as_it_was_made_and_that_is_logged(app, as_):
    make(app, [Kind.HAZARDS])
    with app.app_context():
        row = db.session.scalars(select(Document).where(Document.format == "docx")).one()
        document_id, sha256, name = row.id, row.sha256, row.file_name
    address = f"/documents/files/{document_id}"
    page = as_("office").get(PAGE).text
    assert address in page
    assert sha256 in page
    assert "SG-202610-YH-01" in page
    answer = as_("supervisor").get(address)
    assert hashlib.sha256(answer.data).hexdigest() == sha256
    assert quote(name) in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert exports(app) == [("docx", sha256)]
    for username, status in (("tech", 403), ("tech2", 403), ("supervisor2", 404)):
        assert as_(username).get(address).status_code == status
    assert len(exports(app)) == 1


@pytest.mark.one_database
def test_a_document_whose_bytes_are_lost_is_said_to_be_lost(app, as_):
    make(app, [Kind.HAZARDS])
    with app.app_context():
        row = db.session.scalars(select(Document).where(Document.format == "docx")).one()
        store().file(row.sha256).unlink()
        address = f"/documents/files/{row.id}"
    answer = as_("lead").get(address)
    assert answer.status_code == 404
    assert "bytes of this document are missing" in answer.text


@pytest.mark.one_database
def test_the_page_shows_how_far_a_job_is_and_that_it_died(app, as_, begun):
    browser = as_("lead")
    assert browser.post(f"{PAGE}/jobs", data={"kind": ["hazards", "report"]}).status_code == 303
    assert "0 of 8" in browser.get(PAGE).text
    assert browser.post(f"{PAGE}/jobs", data={"kind": "plan"}).status_code == 303
    assert len(begun) == 1, "one job at a time"
    fragment = browser.get(f"{PAGE}/progress", headers={"HX-Request": "true"})
    assert "every 2s" in fragment.text
    assert "HX-Refresh" not in fragment.headers
    with app.app_context(), transaction():
        job = db.session.get_one(DocumentJob, begun[0])
        job.beat_at = utc_now() - DEAD_AFTER * 2
    assert "was stopped while it worked" in browser.get(PAGE).text
    assert browser.get(f"{PAGE}/progress", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    browser.post(f"{PAGE}/jobs", data={"kind": "plan"})
    assert len(begun) == 2, "it can be started again"


@pytest.mark.one_database
def test_the_month_for_word_comes_at_once_and_is_not_kept(app, as_):
    browser = as_("office")
    answer = browser.get("/months/2026-10.docx")
    word = Word(io.BytesIO(answer.data))
    assert "韶关市应急管理局应急指挥中心" in "".join(line.text for line in word.paragraphs)
    assert "/months/2026-10.docx" in browser.get("/months/2026-10").text
    with app.app_context():
        assert db.session.scalars(select(Document)).all() == []
    assert [kind for kind, _sha in exports(app)] == ["docx"]


@pytest.mark.one_database
def test_the_names_of_the_parties_stand_on_what_is_made_from_then_on(app, as_):
    names = {"client": "韶关市应急管理局", "provider": "示例科技有限公司"}
    assert as_("office").post(f"{PAGE}/parties", data=names).status_code == 403
    assert as_("lead").post(f"{PAGE}/parties", data=names).status_code == 303
    make(app, [Kind.HAZARDS])
    with app.app_context():
        assert len(db.session.scalars(select(PartyNames)).all()) == 1
        rows = db.session.scalars(select(Document)).all()
        assert {row.file_name.split("_")[0] for row in rows} == {"韶关市应急管理局"}
        html = next(row for row in rows if row.format == "html")
        assert "示例科技有限公司" in store().read(html.sha256).decode()


@pytest.mark.one_database
def test_what_cannot_be_made_is_refused(as_, begun):
    browser = as_("lead")
    assert browser.post(f"{PAGE}/jobs", data={"kind": "novel"}).status_code == 422
    assert browser.post(f"{PAGE}/jobs", data={}).status_code == 422
    assert browser.post("/documents/1/jobs", data={"kind": "plan"}).status_code == 404
    assert begun == []


def test_the_page_asks_a_fixed_number_of_questions(app, as_, queries):
    browser = as_("lead")
    browser.get(PAGE)
    queries.clear()
    browser.get(PAGE)
    before = len(queries)
    make(app, [Kind.HAZARDS, Kind.MAINTENANCE])
    queries.clear()
    browser.get(PAGE)
    assert len(queries) <= before + 1  # the names of those who made them
