"""Clock, canonical text, columns, settings, transactions."""

import re
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import AuditEntry, Verb
from webapp.config import BadSetting, read_settings
from webapp.extensions import db
from webapp.kit.canonical import canonical_json
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.problems import invalid_from
from webapp.kit.transaction import transaction


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_months_follow_each_other_without_gap(day):
    month = Month.of(day)
    assert month.first <= day <= month.last
    assert month.next().previous() == month
    assert Month.parse(str(month)) == month
    assert (month.next().first - month.last).days == 1


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-1", "26-01", "", "2026-11-01", "2026/11", "二〇年", "0001-01", "9999-12"]
)
def test_other_texts_are_no_months(text):
    with pytest.raises(ValueError, match=r".*"):
        Month.parse(text)


def test_a_day_begins_at_midnight_of_the_site():
    before = datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC)
    after = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    assert local_day(before, "Asia/Shanghai") == date(2026, 10, 31)
    assert local_day(after, "Asia/Shanghai") == date(2026, 11, 1)
    assert Month(2026, 11).bounds("Asia/Shanghai")[0] == after


def test_canonical_text_is_sorted_and_exact():
    value = {"b": Decimal("61.50"), "a": [date(2026, 11, 21), None, True], "时": datetime(2026, 1, 2, tzinfo=UTC)}
    assert canonical_json(value) == '{"a":["2026-11-21",null,true],"b":"61.50","时":"2026-01-02T00:00:00.000Z"}'


@pytest.mark.parametrize("value", [1.5, {"a": 2.0}, object(), datetime(2026, 1, 1)])  # noqa: DTZ001
def test_what_has_no_stable_text_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "70000"}, "65535"),
        ({"DEMO": "maybe"}, "DEMO"),
        ({"PUBLIC_URL": "inspect.example.cn"}, "full address"),
        ({"TIMEZONE": "Mars/Olympus"}, "TIMEZONE"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is 5"),
        ({"FILES_URL": "ftp://x"}, "FILES_URL"),
        ({"DEMO": "0"}, "SECRET_KEY is missing"),
    ],
)
def test_a_bad_setting_stops_the_start_and_says_which(tmp_path, environ, says):
    with pytest.raises(BadSetting, match=says):
        read_settings({"DATA_DIR": str(tmp_path), "DEMO": "1", **environ})


def test_the_secret_of_the_demo_is_made_once_and_kept_private(tmp_path):
    environ = {"DATA_DIR": str(tmp_path), "DEMO": "1"}
    first, second = read_settings(environ), read_settings(environ)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_failing_deed_leaves_nothing_behind(context):
    with pytest.raises(RuntimeError), transaction():
        record(Verb.PERSON_ADDED, "person:x", by=None, now=utc_now())
        raise RuntimeError
    assert db.session.scalar(select(AuditEntry).where(AuditEntry.subject == "person:x")) is None


def test_writers_wait_for_each_other(app):
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with app.app_context():
                for turn in range(5):
                    db.session.scalars(select(AuditEntry).limit(1)).all()  # a read that began earlier
                    with transaction():
                        record(Verb.PERSON_CHANGED, f"person:{number}-{turn}", by=None, now=utc_now(), n=1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with app.app_context():
        written = db.session.scalars(select(AuditEntry.subject).where(AuditEntry.verb == "person.changed")).all()
    assert len(written) == 30


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Integer(), "x"),
        (fields.UUID(), "x"),
        (fields.Date(), "x"),
        (fields.AwareDateTime(), "x"),
        (fields.String(required=True), None),
        (fields.String(validate=validate.Length(max=2)), "xxx"),
        (fields.String(validate=validate.OneOf(["a"])), "b"),
        (fields.Integer(validate=validate.Range(min=1, max=2)), 3),
        (fields.Boolean(), "perhaps"),
        (fields.List(fields.Integer()), "x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_schema_says_is_chinese_for_chinese_readers(app, field, value):
    schema = Schema.from_dict({"f": field})()
    with app.test_request_context(headers={"Cookie": "language=zh"}), pytest.raises(ValidationError) as caught:
        schema.load({} if value is None else {"f": value})
    with app.test_request_context(headers={"Cookie": "language=zh"}):
        assert not re.search("[a-z]{2}", invalid_from(caught.value).fields["f"][0])
