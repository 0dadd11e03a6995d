"""Two people at once: the database settles it, and nothing is there twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select

from webapp.assets.actions import add_asset, system_named
from webapp.assets.importing import import_as_seen, plan_import
from webapp.assets.models import Asset, Label, System
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named
from webapp.sites.queries import service_lines, site_coded

LIST = (
    "code,section,system,name,keeper\nSG-9-001,现场指挥部,备件,电台,张伟\nSG-9-002,现场指挥部,备件,天线,张伟\n".encode()
)


def at_once(app: Flask, deed: Callable[[], None]) -> list[str]:
    """Does a deed in two threads at the same moment; tells how each ended."""
    together = Barrier(2, timeout=20)

    def run() -> str:
        with app.test_request_context():
            try:
                together.wait()
                with transaction():
                    deed()
            except Problem as problem:
                return type(problem).__name__
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(2) as threads:
        return sorted(ended.result() for ended in [threads.submit(run), threads.submit(run)])


def stored(app: Flask, column: object, *conditions: object) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(column)).where(*conditions))


def test_one_code_added_twice_at_once_is_there_once(app):
    def add() -> None:
        site = site_coded("SG")
        system = system_named(service_lines(site.id)[2], "现场指挥部应急通讯保障设备")
        fields = {"code": "SG-9-001", "name": "电台", "keeper": "张伟"}
        add_asset(site, system, fields, by=person_named("lead"), now=utc_now())

    assert at_once(app, add) == ["Invalid", "done"]
    assert stored(app, Asset.id, Asset.code == "SG-9-001") == 1


def test_one_list_confirmed_twice_at_once_is_imported_once(app):
    with app.test_request_context():
        seen = plan_import(site_coded("SG"), LIST, "list.csv").digest
        db.session.remove()

    def confirm() -> None:
        site, lead = site_coded("SG"), person_named("lead")
        import_as_seen(site, LIST, "list.csv", keeper="", seen=seen, by=lead, now=utc_now())

    assert at_once(app, confirm) == ["done", "done"]
    assert stored(app, Asset.id, Asset.code.like("SG-9-%")) == 2
    assert stored(app, System.id, System.name == "备件") == 1
    assert stored(app, Label.id) == 207
