"""A database from before devices reported and refusals were counted: everything in it is still there afterwards."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import select, text

from tests.conftest import make_app
from webapp.extensions import db
from webapp.kit.transaction import transaction
from webapp.sync.models import Arrival, Refusal

AT = datetime(2026, 10, 3, 4, 5, 6, tzinfo=UTC)
PERSON = """
insert into people (id, username, name, password_hash, language, is_enabled, must_change_password, created_at)
values (:id, 'old', 'Old', 'x', 'zh', 1, 0, :at)
"""
ARRIVAL = """
insert into arrivals (id, kind, author_id, digest, content, received_at)
values (:id, 'inspection', :author, :digest, '{"a": "1"}', :at)
"""
REFUSAL = """
insert into refusals (document_id, kind, author_id, status, reason, content, received_at)
values (:id, 'inspection', :author, 422, 'why', '{"a": ["1"]}', :at)
"""


@pytest.mark.one_database
def test_what_was_kept_before_stays_and_is_never_taken_for_one(tmp_path: Path):
    app = make_app(f"sqlite:///{tmp_path / 'old.db'}", tmp_path)
    author, document = uuid.uuid4(), uuid.uuid4()
    at = AT.replace(tzinfo=None).isoformat(" ")
    with app.app_context():
        upgrade(revision="2026_11_21_first_tables")
        with transaction():
            db.session.execute(text(PERSON), {"id": author.hex, "at": at})
            facts = {"author": author.hex, "at": at, "digest": "d" * 64}
            db.session.execute(text(ARRIVAL), {"id": document.hex, **facts})
            for _time in range(2):
                db.session.execute(text(REFUSAL), {"id": document.hex, **facts})
        upgrade()
        (arrival,) = db.session.scalars(select(Arrival))
        assert (arrival.id, arrival.content, arrival.received_at) == (document, {"a": "1"}, AT)
        assert (arrival.sent_sha256, arrival.device_id, arrival.brought_by) == (None, None, None)
        first, second = db.session.scalars(select(Refusal).order_by(Refusal.id))
        for refusal in (first, second):
            assert (refusal.document_id, refusal.author_id, refusal.reason) == (document, author, "why")
            assert (refusal.first_at, refusal.received_at, refusal.times) == (AT, AT, 1)
            assert (refusal.digest, refusal.size, refusal.site_id, refusal.handled_at) == (None, 0, None, None)
            assert refusal.handled_note == ""
        db.session.remove()
        db.engine.dispose()
