"""Emergency contacts (R137): everybody reads them, lead and administrator keep them, the log keeps every change."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select

from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.sites.contacts import contacts_of, dialled, tidy_phone
from webapp.sites.models import EmergencyContact
from webapp.sites.queries import site_coded

NEW = {"name": "供电抢修", "duty": "市电", "phone": "0751-000 0042", "note": "示例"}


@pytest.fixture
def listed(app):
    """The contacts of a site as they stand: their names, or with `whole` the rows."""

    def ask(code: str = "SG", *, whole: bool = False):
        with app.app_context():
            rows = contacts_of(site_coded(code).id)
            return list(rows) if whole else [row.name for row in rows]

    return ask


@pytest.fixture
def log(app):
    """What the log says of contacts after the demo was loaded: verb, facts, who."""

    def ask():
        with app.app_context():
            wanted = select(AuditEntry).where(AuditEntry.verb.like("contact.%"), AuditEntry.person_id.is_not(None))
            return [(row.verb, row.facts) for row in db.session.scalars(wanted.order_by(AuditEntry.id))]

    return ask


@pytest.mark.parametrize("username", ["tech", "lead", "supervisor", "office", "admin"])
def test_everybody_of_the_site_sees_whom_to_call_and_calls_with_one_tap(as_, username):
    page = as_(username).get("/contacts").text
    assert 'href="tel:07510000001"' in page
    assert 'href="tel:07510000002,11"' in page
    assert "Work numbers only" in page
    assert "0755" not in page
    assert ("/contacts/edit" in page) == (username in ("lead", "admin"))


def test_another_site_has_its_own_list(as_):
    page = as_("tech2").get("/contacts").text
    assert "tel:07550000001" in page
    assert "0751" not in page


def test_the_page_needs_nothing_but_itself_to_be_used(as_):
    """It is kept on phones: a call is a plain link, nothing is fetched or decided when it is opened."""
    page = as_("tech").get("/contacts").text
    calls = re.findall(r'<a class="row" href="tel:[+\d,]+"', page)
    assert len(calls) == 4
    assert "hx-" not in page


def test_today_and_the_menu_lead_to_it(as_):
    for username in ("tech", "supervisor"):
        assert as_(username).get("/today").text.count('href="/contacts"') >= 2
        assert 'href="/contacts"' in as_(username).get("/faults").text


@pytest.mark.parametrize("username", ["tech", "supervisor", "office"])
def test_others_cannot_change_the_list(as_, listed, username):
    client, before = as_(username), listed()
    one = listed(whole=True)[0].id
    assert client.get("/contacts/edit").status_code == 403
    for address in ("/contacts", f"/contacts/{one}", f"/contacts/{one}/place", f"/contacts/{one}/removal"):
        assert client.post(address, data=NEW | {"step": "1"}).status_code == 403
    assert listed() == before


def test_nobody_reaches_the_list_of_another_site(app, as_, listed):
    lead, theirs = as_("lead"), listed("FT", whole=True)[0].id
    for deed in ("", "/place", "/removal"):
        assert lead.post(f"/contacts/{theirs}{deed}", data=NEW | {"step": "1"}).status_code == 404
        assert lead.post(f"/contacts/{uuid.uuid4()}{deed}", data=NEW | {"step": "1"}).status_code == 404
    assert theirs == listed("FT", whole=True)[0].id


def test_a_new_contact_stands_at_the_end_and_in_the_log(as_, listed, log):
    before = listed()
    answer = as_("lead").post("/contacts", data=NEW)
    assert (answer.status_code, answer.location) == (303, "/contacts/edit?saved=1")
    assert listed() == [*before, "供电抢修"]
    assert log() == [("contact.added", NEW)]
    assert "供电抢修" in as_("tech").get("/contacts").text


def test_a_change_keeps_old_and_new_in_the_log_and_none_is_no_entry(as_, listed, log):
    admin, one = as_("admin"), listed(whole=True)[0]
    same = {"name": one.name, "duty": one.duty, "phone": one.phone, "note": one.note}
    admin.post(f"/contacts/{one.id}", data=same)
    assert log() == []
    admin.post(f"/contacts/{one.id}", data=same | {"phone": "0751-000 0099", "note": ""})
    assert log() == [("contact.changed", {"changes": {"phone": [one.phone, "0751-000 0099"], "note": [one.note, ""]}})]
    assert listed(whole=True)[0].phone == "0751-000 0099"


def test_contacts_move_up_and_down_and_stop_at_the_ends(as_, listed, log):
    lead, before = as_("lead"), listed()
    first, second = (row.id for row in listed(whole=True)[:2])
    lead.post(f"/contacts/{second}/place", data={"step": "-1"})
    assert listed() == [before[1], before[0], *before[2:]]
    lead.post(f"/contacts/{second}/place", data={"step": "-1"})
    assert listed() == [before[1], before[0], *before[2:]]
    for _time in range(5):
        lead.post(f"/contacts/{first}/place", data={"step": "1"})
    assert listed() == [before[1], *before[2:], before[0]]
    assert [facts["changes"]["position"] for _verb, facts in log()] == [["2", "1"], ["2", "3"], ["3", "4"]]
    assert lead.post(f"/contacts/{first}/place", data={"step": "7"}).status_code == 422


def test_who_is_taken_off_the_list_stays_in_the_log(as_, listed, log):
    one = listed(whole=True)[1]
    assert as_("lead").post(f"/contacts/{one.id}/removal").status_code == 303
    assert one.name not in listed()
    ((verb, facts),) = log()
    assert (verb, facts["name"], facts["phone"]) == ("contact.removed", one.name, one.phone)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"phone": ""}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"phone": "ask at the gate"}, "phone"),
        ({"phone": "0751<script>"}, "phone"),
        ({"phone": "1" * 41}, "phone"),
        ({"duty": "x" * 61}, "duty"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(as_, listed, change, field):
    before = listed()
    answer = as_("lead").post("/contacts", data=NEW | change, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert set(answer.get_json()["error"]["fields"]) == {field}
    assert listed() == before


@pytest.mark.parametrize(
    ("typed", "kept", "dials"),
    [
        ("0751-8881234", "0751-8881234", "07518881234"),
        (" ０７５１－８８８ １２３４ ", "0751-888 1234", "07518881234"),
        ("(0751) 888 1234", "(0751) 888 1234", "07518881234"),
        ("+86 138 0000 0000", "+86 138 0000 0000", "+8613800000000"),
        ("0751—8881234 转 805", "0751-8881234 转 805", "07518881234,805"),
        ("0751 8881234 ext. 805", "0751 8881234 ext. 805", "07518881234,805"),
        ("119", "119", "119"),
    ],
)
def test_a_number_is_kept_as_people_write_it_and_dialled_as_phones_need_it(typed, kept, dials):
    assert tidy_phone(typed) == kept
    assert dialled(kept) == dials


@pytest.mark.parametrize("typed", ["", "-", "12", "x", "0751+888", "１２", "0751 转", "+", "++86 1380000"])
def test_what_cannot_be_dialled_is_no_number(typed):
    with pytest.raises(ValueError, match="no telephone number"):
        tidy_phone(typed)


def test_a_site_without_contacts_says_who_enters_them(app, as_, listed):
    for row in listed(whole=True):
        as_("lead").post(f"/contacts/{row.id}/removal")
    assert "Nobody is on the list yet" in as_("tech").get("/contacts").text
    with app.app_context():
        assert db.session.scalars(select(EmergencyContact.position)).all()  # the other site keeps its own
