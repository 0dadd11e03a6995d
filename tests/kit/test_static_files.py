"""Static files under addresses that name the build."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from flask import Flask, url_for

from webapp import create_app
from webapp.config import ROOT, read_settings
from webapp.kit.static_files import FOR_A_YEAR, present_build, static_address


@pytest.fixture
def folder(shared_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the static files that a test may change."""
    shutil.copytree(ROOT / "static", tmp_path / "static")
    (tmp_path / "secret.txt").write_text("nobody reads this")
    monkeypatch.setattr(shared_app, "static_folder", str(tmp_path / "static"))
    return tmp_path / "static"


def build_of(app: Flask) -> str:
    with app.test_request_context():
        return present_build().name


def address_in(app: Flask, name: str) -> str:
    with app.test_request_context():
        return static_address(name)


def test_an_address_names_the_build_in_its_path_so_that_relative_imports_inherit_it(shared_app, folder):
    build = build_of(shared_app)
    assert re.fullmatch("[0-9a-f]{12}", build)
    assert address_in(shared_app, "js/page.js") == f"/static/v-{build}/js/page.js"


def test_the_present_build_is_kept_for_a_year(shared_app, folder):
    answer = shared_app.test_client().get(address_in(shared_app, "app.css"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == FOR_A_YEAR


@pytest.mark.parametrize("address", ["/static/v-000000000000/app.css", "/static/app.css"])
def test_any_other_address_gets_the_present_file_and_asks_again_each_time(shared_app, folder, address):
    answer = shared_app.test_client().get(address)
    assert answer.data == (folder / "app.css").read_bytes()
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_changed_a_new_and_a_renamed_file_each_make_another_build(shared_app, folder):
    seen = [build_of(shared_app)]
    (folder / "app.css").write_text("body{margin:1px}")
    seen.append(build_of(shared_app))
    (folder / "new.css").write_text("p{}")
    seen.append(build_of(shared_app))
    (folder / "new.css").rename(folder / "newer.css")
    seen.append(build_of(shared_app))
    assert len(set(seen)) == 4
    (folder / ".copied").touch()
    assert build_of(shared_app) == seen[-1], "marks of the set-up are no part of the build"


def test_the_same_files_make_the_same_build_whenever_they_were_written(shared_app, folder):
    before = build_of(shared_app)
    content = (folder / "app.css").read_bytes()
    (folder / "app.css").unlink()
    (folder / "app.css").write_bytes(content)
    assert build_of(shared_app) == before


def test_in_production_the_files_are_read_once(tmp_path, monkeypatch):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "app.css").write_text("p{}")
    environ = {"SECRET_KEY": "x" * 32, "DATA_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/a.db"}
    app = create_app(read_settings(environ))
    monkeypatch.setattr(app, "static_folder", str(tmp_path / "static"))
    before = build_of(app)
    (tmp_path / "static" / "app.css").write_text("p{margin:0}")
    assert build_of(app) == before


def test_a_name_that_is_no_file_is_a_mistake_of_the_template(shared_app, folder):
    with shared_app.test_request_context(), pytest.raises(FileNotFoundError):
        static_address("js/gone.js")


@pytest.mark.parametrize("way_out", ["../secret.txt", "js/../../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt"])
@pytest.mark.parametrize("kind", ["/static/v-{build}/", "/static/"])
def test_no_address_leads_out_of_the_folder(shared_app, folder, kind, way_out):
    answer = shared_app.test_client().get(kind.format(build=build_of(shared_app)) + way_out)
    assert answer.status_code == 404
    assert "nobody reads this" not in answer.text


@pytest.mark.parametrize("way", ["gzip", "br"])
def test_files_are_compressed_and_still_kept_for_a_year(shared_app, folder, way):
    answer = shared_app.test_client().get(address_in(shared_app, "app.css"), headers={"Accept-Encoding": way})
    assert answer.headers["Content-Encoding"] == way
    assert len(answer.data) < (folder / "app.css").stat().st_size / 3
    assert answer.headers["Cache-Control"] == FOR_A_YEAR


def test_a_kept_file_stays_good_after_signing_in(app, as_):
    """With `Vary: Cookie` a browser would fetch everything again."""
    answer = as_("tech").get(address_in(app, "app.css"))
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


def test_a_file_that_is_not_there_is_never_kept(shared_app, folder):
    answer = shared_app.test_client().get(f"/static/v-{build_of(shared_app)}/js/gone.js")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_template_asks_for_static_files_by_build(shared_app):
    """Use static('…'): an address without the build would be asked for again on every page."""
    templates = Path(shared_app.root_path).parent / "templates"
    plain = re.compile(r"url_for\(.static.|/static/")
    assert [path.name for path in templates.rglob("*.html") if plain.search(path.read_text())] == []


def test_flask_still_knows_the_plain_address(shared_app):
    with shared_app.test_request_context():
        assert url_for("static", filename="app.css") == "/static/app.css"
