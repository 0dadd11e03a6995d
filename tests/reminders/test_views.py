"""The pages of the reminders: who sees what, who may change what, and what no page ever shows."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.kit.clock import Month, utc_now
from webapp.kit.transaction import transaction
from webapp.reminders import words
from webapp.reminders.models import ReminderTarget
from webapp.reminders.rules import Kind, Reminder
from webapp.sites.models import ServiceLine
from webapp.sites.queries import site_coded

URL = "https://oapi.dingtalk.com/robot/send?access_token=abcdef0123456789abcdef0123456789"
NEW = {"robot": "dingtalk", "name": "项目群", "url": URL, "secret": "SEC-very-secret", "is_on": "1"}


def target(app, code: str = "SG") -> ReminderTarget:
    with app.app_context():
        wanted = select(ReminderTarget).where(ReminderTarget.site_id == site_coded(code).id)
        return db.session.scalars(wanted).one()


def service_ends_in(app, days: int) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(ServiceLine).values(ends_on=(utc_now() + timedelta(days=days)).date()))


@pytest.mark.parametrize(
    ("username", "heading"),
    [("lead", "For you to do"), ("office", "For you to do"), ("tech", "For others to do")],
)
def test_everybody_sees_what_is_due_and_whether_it_is_for_them(app, as_, username, heading):
    service_ends_in(app, 20)
    page = as_(username).get("/reminders").text
    assert "the service period ends" in page.split(heading)[1]
    assert ("/reminders/targets" in page) == (username == "lead")


def test_each_reminder_leads_to_where_it_is_seen_to(app, as_):
    month = Month.of(utc_now().date())
    about = {"key": "x", "is_urgent": False, "month": month, "due_on": month.last}
    client = as_("lead")
    with app.test_request_context():
        addresses = {kind: words.address(Reminder(kind, **about)) for kind in Kind}
    assert addresses[Kind.PLAN] == f"/plans/{month}"
    assert addresses[Kind.SUMMARY_WAITING] == f"/months/{month}"
    for address in set(addresses.values()):
        assert client.get(address).status_code == 200


def test_an_empty_list_says_when_something_will_stand_there(app, as_):
    service_ends_in(app, 400)
    assert "Nothing waits for you here." in as_("supervisor").get("/reminders").text


def test_a_target_is_entered_once_and_shows_neither_address_nor_secret_again(app, as_):
    lead = as_("lead")
    assert lead.post("/reminders/targets", data=NEW).location == "/reminders/targets?saved=1"
    page = lead.get("/reminders/targets").text
    assert "https://oapi.dingtalk.com/…6789" in page
    for hidden in ("access_token", "abcdef", "very-secret"):
        assert hidden not in page
    kept = target(app)
    assert (kept.url.reveal(), kept.secret.reveal(), kept.is_on) == (URL, "SEC-very-secret", True)


def test_a_blank_address_and_secret_stay_and_the_log_knows_neither(app, as_):
    admin = as_("admin")
    admin.post("/reminders/targets", data=NEW)
    address = f"/reminders/targets/{target(app).id}"
    assert admin.post(address, data={"name": "值班群"}).status_code == 303
    kept = target(app)
    assert (kept.name, kept.url.reveal(), kept.secret.reveal(), kept.is_on) == ("值班群", URL, "SEC-very-secret", False)
    admin.post(address, data={"name": "值班群", "url": "http://10.0.0.5/hook/abcdef", "without_secret": "1"})
    assert (target(app).url.reveal(), bool(target(app).secret)) == ("http://10.0.0.5/hook/abcdef", False)
    assert admin.post(f"{address}/removal").status_code == 303
    assert admin.post(f"{address}/removal").status_code == 404
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.verb.like("reminder_target%"))).all()
    facts = json.dumps([row.facts for row in rows])
    assert [row.verb.split(".")[1] for row in rows] == ["added", "changed", "changed", "removed"]
    assert "abcdef" not in facts
    assert "very-secret" not in facts


@pytest.mark.parametrize(
    "url",
    [
        "ftp://10.0.0.5/x",
        "file:///etc/passwd",
        "gopher://10.0.0.5/x",
        "https://user:word@chat.example.cn/x",
        "https:///x",
        "https://chat.example.cn/x y",
        "https://chat.example.cn:99999/x",
        "https://chat.example.cn:0/x",
        "https://[abc/x",
        "https://chat.example.cn/x#y",
        "https://群.cn/x",
        "//chat.example.cn/x",
        "abcdef",
        "https://chat.example.cn/" + "x" * 500,
        "",
    ],
)
@pytest.mark.one_database
def test_only_a_whole_address_of_http_is_taken_and_a_bad_one_is_not_repeated(app, as_, url):
    answer = as_("lead").post("/reminders/targets", data=NEW | {"url": url})
    assert answer.status_code == 422
    assert "very-secret" not in answer.text
    assert not url or url not in answer.text
    with app.app_context():
        assert not db.session.scalars(select(ReminderTarget)).all()


@pytest.mark.parametrize("username", ["tech", "supervisor", "office"])
def test_others_neither_see_nor_change_where_reminders_go(app, as_, username):
    as_("lead").post("/reminders/targets", data=NEW)
    client, one = as_(username), target(app).id
    assert client.get("/reminders/targets").status_code == 403
    for address in ("/targets", f"/targets/{one}", f"/targets/{one}/removal", f"/targets/{one}/tests", "/days"):
        assert client.post(f"/reminders{address}", data=NEW | {"early": 9, "soon": 3}).status_code == 403
    stranger = as_("supervisor2")
    assert stranger.post(f"/reminders/targets/{one}", data=NEW).status_code in (403, 404)
    assert target(app).name == "项目群"


def test_the_days_before_are_kept_and_the_first_comes_before_the_second(app, as_):
    lead = as_("lead")
    assert lead.post("/reminders/days", data={"early": "10", "soon": "3"}).status_code == 303
    assert 'name="early" type="number" inputmode="numeric" min="1" max="27" required value="10"' in (
        lead.get("/reminders/targets").text
    )
    for early, soon in (("3", "3"), ("2", "5"), ("0", "0"), ("28", "2"), ("x", "2")):
        assert lead.post("/reminders/days", data={"early": early, "soon": soon}).status_code == 422


def test_a_test_message_waits_for_the_sender_and_only_one_does(app, as_):
    lead = as_("lead")
    lead.post("/reminders/targets", data=NEW)
    address = f"/reminders/targets/{target(app).id}"
    assert lead.post(f"{address}/tests").status_code == 303
    assert lead.post(f"{address}/tests").status_code == 409
    assert "Waits for the sender" in lead.get("/reminders/targets").text
    lead.post(address, data={"name": "项目群"})
    assert lead.post(f"{address}/tests").status_code == 409


def test_a_site_has_a_handful_of_targets(app, as_):
    lead = as_("lead")
    answers = [lead.post("/reminders/targets", data=NEW | {"name": str(n)}).status_code for n in range(11)]
    assert answers == [303] * 10 + [409]
