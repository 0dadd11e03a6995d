"""The administrator's pages: people, roles, settings; and what an administrator cannot do."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.actions import add_person
from webapp.people.models import Person
from webapp.sites.actions import give_role
from webapp.sites.models import Role, ServiceLine, Site
from webapp.sites.queries import roles_in, site_coded

NEW = {"username": "xiaoli", "name": "小李", "role": "technician", "nda_signed_on": "2026-01-15"}


@pytest.fixture
def in_app(app):
    """Runs a question in an app context of its own."""

    def ask(question):
        with app.test_request_context():
            return question()

    return ask


def id_of(username: str):
    return db.session.scalars(select(Person.id).where(Person.username == username)).one()


def roles_of(username: str, code: str) -> set[Role]:
    return roles_in(id_of(username), site_coded(code).id)


def give(username: str, code: str, role: Role) -> None:
    with transaction():
        person = db.session.scalars(select(Person).where(Person.username == username)).one()
        give_role(person, site_coded(code), role, by=None, now=utc_now())


def futian_admin() -> None:
    with transaction():
        values = {"nda_signed_on": utc_now().date(), "by": None, "now": utc_now(), "must_change_password": False}
        person = add_person("admin2", "福田管理员", "correct horse battery", **values)
        give_role(person, site_coded("FT"), Role.ADMIN, by=None, now=utc_now())


@pytest.mark.parametrize("username", ["tech", "lead", "supervisor", "office", "tech2"])
def test_only_administrators_open_the_pages(as_, in_app, username):
    target = in_app(lambda: id_of("tech"))
    client = as_(username)
    for path in ("/sites/people", "/sites/settings", f"/sites/people/{target}"):
        assert client.get(path).status_code == 403
    assert client.post(f"/sites/people/{target}/password").status_code == 403
    assert client.post("/sites/settings", data={"name": "x"}).status_code == 403


def test_the_list_shows_the_people_of_this_site_alone(as_):
    text = as_("admin").get("/sites/people").text
    assert "张伟" in text
    assert "黄磊" not in text


def test_a_new_account_gets_a_password_that_is_shown_once_and_must_be_changed(as_, client):
    admin = as_("admin")
    answer = admin.post("/sites/people", data=NEW)
    assert answer.headers["Cache-Control"] == "no-store"
    password = re.search(r'<p class="big code">([^<]+)</p>', answer.text).group(1)
    assert password not in admin.get("/sites/people").text
    assert client.post("/sign-in", data={"username": "xiaoli", "password": password}).location == "/account"
    assert client.get("/faults").location == "/account"
    assert client.post("/sites/choice", data={}).status_code == 403
    changed = client.post("/account/password", data={"old": password, "new": "a longer secret 7"})
    assert changed.status_code == 303
    assert client.get("/faults").status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "has blank"}, "username"),
        ({"username": ""}, "username"),
        ({"name": ""}, "name"),
        ({"role": []}, "role"),
        ({"role": "king"}, "role"),
        ({"nda_signed_on": "2999-01-01"}, "nda_signed_on"),
        ({"nda_signed_on": "soon"}, "nda_signed_on"),
    ],
)
def test_bad_input_names_the_field_and_adds_nobody(as_, in_app, change, field):
    answer = as_("admin").post("/sites/people", data=NEW | change, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert field in answer.get_json()["error"]["fields"]
    assert in_app(lambda: db.session.scalar(select(Person).where(Person.name == "小李"))) is None


def test_a_taken_name_is_a_conflict(as_):
    assert as_("admin").post("/sites/people", data=NEW | {"username": "tech2"}).status_code == 409


def test_without_agreement_or_switched_off_there_is_no_access(as_, in_app):
    admin, tech = as_("admin"), as_("tech")
    target = in_app(lambda: id_of("tech"))
    assert tech.get("/faults").status_code == 200
    admin.post(f"/sites/people/{target}", data={"name": "张伟", "is_enabled": "true"})
    assert tech.get("/faults").status_code == 303
    tech = as_("tech")
    assert tech.get("/faults").status_code == 303
    admin.post(f"/sites/people/{target}", data={"name": "张伟", "nda_signed_on": "2026-01-01"})
    assert tech.get("/faults").status_code == 303
    admin.post(f"/sites/people/{target}", data={"name": "张伟", "nda_signed_on": "2026-01-01", "is_enabled": "1"})
    assert as_("tech").get("/faults").status_code == 200
    log = in_app(lambda: db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "person.changed")).all())
    assert log[0].facts["changes"]["nda_signed_on"][1] == "None"


def test_an_administrator_cannot_lock_the_own_account(as_, in_app):
    admin = as_("admin")
    me = in_app(lambda: id_of("admin"))
    for form in ({"name": "刘洋", "nda_signed_on": "2026-01-01"}, {"name": "刘洋", "is_enabled": "1"}):
        assert admin.post(f"/sites/people/{me}", data=form).status_code == 409
    assert admin.post(f"/sites/people/{me}/roles", data={"role": "lead"}).status_code == 409
    assert admin.post(f"/sites/people/{me}/password").status_code == 409
    assert in_app(lambda: roles_of("admin", "SG")) == {Role.ADMIN}
    assert admin.get("/sites/people").status_code == 200


def test_roles_are_given_and_taken_and_the_log_says_so(as_, in_app):
    admin = as_("admin")
    target = in_app(lambda: id_of("tech"))
    assert admin.post(f"/sites/people/{target}/roles", data={"role": ["lead", "office"]}).status_code == 303
    assert in_app(lambda: roles_of("tech", "SG")) == {Role.LEAD, Role.OFFICE}
    verbs = in_app(
        lambda: db.session.scalars(
            select(AuditEntry.verb).where(AuditEntry.subject == f"person:{target}").order_by(AuditEntry.id)
        ).all()
    )
    assert verbs[-3:] == ["role.given", "role.given", "role.taken"]


def test_the_last_role_is_never_taken(as_, in_app):
    target = in_app(lambda: id_of("tech"))
    assert as_("admin").post(f"/sites/people/{target}/roles", data={}).status_code == 409
    assert in_app(lambda: roles_of("tech", "SG")) == {Role.TECHNICIAN}


def test_people_of_another_site_are_not_there(as_, in_app):
    admin = as_("admin")
    stranger = in_app(lambda: id_of("tech2"))
    assert admin.get(f"/sites/people/{stranger}").status_code == 404
    for deed in ("", "/roles", "/password", "/sign-out"):
        answer = admin.post(f"/sites/people/{stranger}{deed}", data={"name": "x", "role": "lead"})
        assert answer.status_code == 404, deed


def test_giving_a_role_to_somebody_of_another_site_does_not_open_the_account(as_, in_app):
    admin, victim = as_("admin"), as_("tech2")
    stranger = in_app(lambda: id_of("tech2"))
    assert admin.post("/sites/people/invitations", data={"username": "tech", "role": "king"}).status_code == 422
    assert admin.post("/sites/people/invitations", data={"username": "tech", "role": "office"}).status_code == 303
    assert admin.post("/sites/people/invitations", data={"username": "tech2", "role": "office"}).status_code == 303
    before = in_app(lambda: db.session.get_one(Person, stranger).password_hash)
    form = {"name": "taken over", "nda_signed_on": "2026-01-01", "is_enabled": "1"}
    assert admin.post(f"/sites/people/{stranger}", data=form).status_code == 403
    assert admin.post(f"/sites/people/{stranger}/password").status_code == 403
    assert admin.post(f"/sites/people/{stranger}/sign-out").status_code == 403
    page = admin.get(f"/sites/people/{stranger}").text
    assert "福田" not in page
    assert "nda_signed_on" not in page
    after = in_app(lambda: db.session.get_one(Person, stranger))
    assert (after.password_hash, after.name) == (before, "黄磊")
    assert victim.get("/faults").status_code == 200
    assert admin.post(f"/sites/people/{stranger}/roles", data={}).status_code == 303
    assert in_app(lambda: roles_of("tech2", "SG")) == set()
    assert in_app(lambda: roles_of("tech2", "FT")) == {Role.TECHNICIAN}


def test_an_administrator_of_both_sites_may_reset_a_shared_account(as_, in_app):
    in_app(lambda: give("tech2", "SG", Role.OFFICE))
    in_app(lambda: give("admin", "FT", Role.ADMIN))
    target = in_app(lambda: id_of("tech2"))
    assert as_("admin").post(f"/sites/people/{target}/password").status_code == 200
    in_app(futian_admin)
    assert as_("admin2").post(f"/sites/people/{target}/password").status_code == 403


@pytest.mark.parametrize("name", ["nobody", "TECH2", "tech", ""])
def test_an_invitation_needs_the_exact_name(as_, name):
    status = as_("admin").post("/sites/people/invitations", data={"username": name, "role": "office"}).status_code
    assert status == {"nobody": 404, "TECH2": 404, "tech": 303, "": 422}[name]


def test_an_account_that_belongs_nowhere_cannot_be_picked_up(as_, in_app):
    def orphan():
        with transaction():
            add_person("orphan", "旧人", "correct horse battery", nda_signed_on=None, by=None, now=utc_now())

    in_app(orphan)
    form = {"username": "orphan", "role": "office"}
    assert as_("admin").post("/sites/people/invitations", data=form).status_code == 404


def test_resetting_a_password_signs_the_devices_out(as_, in_app):
    phone = as_("tech")
    target = in_app(lambda: id_of("tech"))
    answer = as_("admin").post(f"/sites/people/{target}/password")
    assert re.search(r'<p class="big code">[a-z2-9-]{14}</p>', answer.text)
    assert phone.get("/faults").status_code == 303


def test_the_list_takes_the_same_queries_for_seven_people_and_for_twenty(as_, in_app, queries):
    admin = as_("admin")
    queries.clear()
    admin.get("/sites/people")
    few = len(queries)

    def more():
        with transaction():
            for number in range(15):
                password = {"nda_signed_on": None, "by": None, "now": utc_now()}
                person = add_person(f"extra{number}", "多", "correct horse battery", **password)
                give_role(person, site_coded("SG"), Role.OFFICE, by=None, now=utc_now())

    in_app(more)
    queries.clear()
    admin.get("/sites/people")
    assert len(queries) == few <= 5


def test_settings_change_and_the_log_keeps_old_and_new(as_, in_app):
    admin = as_("admin")
    form = {"name": "韶关市指挥中心", "short_name": "韶关", "signatures_needed": "2", "photo_rule": "forbidden"}
    assert admin.post("/sites/settings", data=form).status_code == 303
    changed = in_app(lambda: db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "site.changed")).one())
    assert changed.facts["changes"]["signatures_needed"] == ["1", "2"]
    assert "韶关市指挥中心" in admin.get("/sites/settings").text
    for bad in ({"signatures_needed": "3"}, {"photo_rule": "maybe"}, {"name": ""}):
        assert admin.post("/sites/settings", data=form | bad).status_code == 422
    taken = in_app(lambda: site_coded("FT").name)
    assert admin.post("/sites/settings", data=form | {"name": taken}).status_code == 409


def test_service_lines_are_added_and_moved_within_the_own_site(as_, in_app):
    admin = as_("admin")
    form = {"number": "4", "name": "无人机", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    assert admin.post("/sites/settings/service-lines", data=form).status_code == 303
    assert admin.post("/sites/settings/service-lines", data=form).status_code == 409
    assert admin.post("/sites/settings/service-lines", data=form | {"ends_on": "2025-12-31"}).status_code == 422

    def line(code: str):
        wanted = select(ServiceLine).join(Site).where(Site.code == code).order_by(ServiceLine.number.desc())
        return db.session.scalars(wanted).first()

    own, foreign = in_app(lambda: line("SG").id), in_app(lambda: line("FT").id)
    assert admin.post(f"/sites/settings/service-lines/{own}", data=form | {"ends_on": "2027-12-31"}).status_code == 303
    assert in_app(lambda: line("SG")).ends_on.year == 2027
    assert admin.post(f"/sites/settings/service-lines/{foreign}", data=form).status_code == 404


def test_a_period_that_ends_soon_is_marked(as_, in_app):
    def move(days: int):
        with transaction():
            wanted = select(ServiceLine).join(Site).where(Site.code == "SG", ServiceLine.number == 1)
            db.session.scalars(wanted).one().ends_on = utc_now().date() + timedelta(days=days)

    in_app(lambda: move(20))
    admin = as_("admin")
    assert re.search(r"ends in (19|20|21) days", admin.get("/sites/settings").text)
    in_app(lambda: move(-3))
    assert "ended" in admin.get("/sites/settings").text
