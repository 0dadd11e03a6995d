"""`flask people …`: accounts from the command line."""

import re
from datetime import date

from sqlalchemy import select

from webapp.extensions import db
from webapp.people.models import Person
from webapp.sites.queries import people_of, site_coded

ADD = ["people", "add", "--username", "newcomer", "--name", "新人", "--site", "SG", "--role", "technician"]


def test_an_account_is_added_with_a_temporary_password_that_works_and_must_be_changed(app, client):
    result = app.test_cli_runner().invoke(args=[*ADD, "--nda-on", "2026-01-15"])
    assert result.exit_code == 0, result.output
    password = re.search(r"password: (\S+)", result.output).group(1)
    signed = client.post("/sign-in", data={"username": "newcomer", "password": password})
    assert (signed.status_code, signed.location) == (303, "/account")
    assert client.get("/faults").location == "/account"
    with app.test_request_context():
        person = db.session.scalars(select(Person).where(Person.username == "newcomer")).one()
        assert person.nda_signed_on == date(2026, 1, 15)


def test_without_the_agreement_the_command_says_that_there_is_no_access(app, client):
    result = app.test_cli_runner().invoke(args=ADD)
    assert "cannot sign in" in result.output
    password = re.search(r"password: (\S+)", result.output).group(1)
    assert client.post("/sign-in", data={"username": "newcomer", "password": password}).status_code == 401


def test_an_account_that_is_there_gets_the_role(app):
    args = ["people", "add", "--username", "tech", "--name", "x", "--site", "FT", "--role", "office"]
    assert app.test_cli_runner().invoke(args=args).exit_code == 0
    with app.test_request_context():
        assert "tech" in {person.username for person, _roles in people_of(site_coded("FT").id)}


def test_an_unknown_site_or_role_is_named_and_nothing_is_added(app):
    wrong_site = app.test_cli_runner().invoke(args=[*ADD[:7], "XX", *ADD[8:]])
    assert wrong_site.exit_code == 1
    assert "XX" in wrong_site.output
    assert app.test_cli_runner().invoke(args=[*ADD[:-1], "king"]).exit_code == 2
    with app.test_request_context():
        assert db.session.scalar(select(Person).where(Person.username == "newcomer")) is None


def test_the_operator_resets_a_password(app, client):
    result = app.test_cli_runner().invoke(args=["people", "reset-password", "tech"])
    password = re.search(r": (\S+)$", result.output.strip()).group(1)
    assert client.post("/sign-in", data={"username": "tech", "password": password}).location == "/account"
    assert app.test_cli_runner().invoke(args=["people", "reset-password", "nobody"]).exit_code == 1
