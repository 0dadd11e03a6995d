"""What the installable app gets from the server: worker, shell, manifest, headers, the page "not on this device"."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from tests.cast import PASSWORD
from tests.inspections.documents import code_to_id
from webapp.config import ROOT
from webapp.extensions import db
from webapp.kit.static_files import present_build
from webapp.people.models import Person

ASSET = "SG-2-01-002"
FIELD_PAGES = ["/today", "/scan", "/outbox", "/notes/new", "/visits", "/faults", "/joint-tests/new", "/away"]
NEVER_KEPT = ["/nothing/here", f"/inspections/{uuid.UUID(int=1)}", "/sites/people", "/a/unknown-token"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def id_of(app: Flask, username: str) -> str:
    with app.app_context():
        return str(db.session.scalars(select(Person).where(Person.username == username)).one().id)


def build_of(app: Flask) -> str:
    with app.test_request_context():
        return present_build().name


def shell_in(source: str) -> list[str]:
    first_line = source.partition("\n")[0]
    addresses: list[str] = json.loads(first_line.partition("const SHELL = ")[2].rstrip(";"))
    return addresses


class TestServiceWorker:
    def test_it_stands_at_the_root_and_is_asked_for_anew_each_time(self, client):
        answer = client.get("/service-worker.js")
        assert answer.status_code == 200
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Service-Worker-Allowed"] == "/"
        assert "set-cookie" not in answer.headers

    def test_its_first_line_says_the_build_and_the_rest_is_the_file(self, app, client):
        source = client.get("/service-worker.js").text
        first, _, rest = source.partition("\n")
        assert first.startswith(f'const BUILD = "{build_of(app)}"; const SHELL = [')
        assert rest == (ROOT / "static/js/service_worker.js").read_text()

    def test_it_is_the_same_for_everybody_and_in_every_language(self, client, as_):
        sources = {one.get("/service-worker.js").text for one in (client, as_("tech", "zh"), as_("supervisor", "en"))}
        assert len(sources) == 1

    def test_everything_in_the_shell_can_be_fetched_and_names_the_build(self, app, client):
        """One missing file and the browser would never install the worker."""
        addresses = shell_in(client.get("/service-worker.js").text)
        assert addresses[-1] == "/away"
        assert len(addresses) == len(set(addresses))
        for address in addresses:
            assert client.get(address).status_code == 200, address
            assert address == "/away" or address.startswith(f"/static/v-{build_of(app)}/")

    @pytest.mark.parametrize("path", FIELD_PAGES)
    def test_whatever_a_field_page_loads_is_in_the_shell(self, as_, path):
        client = as_("tech")
        shell = set(shell_in(client.get("/service-worker.js").text))
        assert loaded_by(client.get(path).text) <= shell

    def test_whatever_a_checklist_loads_is_in_the_shell_with_all_imports(self, app, as_):
        client = as_("tech")
        shell = set(shell_in(client.get("/service-worker.js").text))
        assert loaded_by(client.get(f"/inspections/new/{code_to_id(app, ASSET)}").text) <= shell
        for address in shell - {"/away"}:
            if address.endswith(".js"):
                code = client.get(address).text
                for imported in re.findall(r"""(?:from|import)\s*\(?["'](\.{1,2}/[\w./-]+)["']""", code):
                    assert resolved(address, imported) in shell, f"{address} imports {imported}"

    def test_the_shell_is_small_and_leaves_out_what_no_page_loads(self, client):
        shell = [address for address in shell_in(client.get("/service-worker.js").text) if address != "/away"]
        assert not [one for one in shell if one.endswith(("paper.css", "qr/dom.js", "service_worker.js", ".png"))]
        assert sum(len(gzip.compress(client.get(address).data, 6)) for address in shell) <= 140_000


def loaded_by(html: str) -> set[str]:
    """Addresses of what a page itself loads; icons of the home screen are the phone's affair."""
    found = re.findall(r'<(?:link|script)[^>]*(?:href|src)="(/static/[^"]+)"', html)
    found += re.findall(r'<use href="(/static/[^"#]+)', html) + re.findall(r'data-decoder="([^"]+)"', html)
    return {address for address in found if "/img/" not in address}


def resolved(address: str, relative: str) -> str:
    parts = address.split("/")[:-1]
    for part in relative.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


class TestWhosePage:
    def test_a_page_says_whose_it_is_and_of_which_build(self, app, as_):
        answer = as_("tech").get("/today")
        assert answer.headers["X-User"] == id_of(app, "tech")
        assert answer.headers["X-Build"] == build_of(app)
        assert f'data-user="{id_of(app, "tech")}"' in answer.text
        assert f'data-build="{build_of(app)}"' in answer.text

    def test_a_fragment_says_it_too(self, app, as_):
        answer = as_("tech").post("/scan", data={"code": "no code"}, headers={"HX-Request": "true"})
        assert answer.mimetype == "text/html"
        assert answer.headers["X-User"] == id_of(app, "tech")

    def test_only_html_says_it(self, as_):
        client = as_("lead")
        for address in ("/static/app.css", "/service-worker.js", "/manifest.webmanifest", "/assets/export"):
            answer = client.get(address)
            assert "X-User" not in answer.headers, address
            assert "X-Build" not in answer.headers, address

    def test_the_sign_in_page_leaves_the_question_open(self, client):
        """An expired session leads here as well; the prepared pages must stay."""
        for answer in (client.get("/sign-in"), client.get("/sign-in?next=/today"), client.post("/sign-in", data={})):
            assert "X-User" not in answer.headers
            assert "data-user" not in answer.text

    def test_a_wrong_password_is_not_kept_and_leaves_the_question_open(self, client):
        answer = client.post("/sign-in", data={"username": "tech", "password": "wrong", "next": "/"})
        assert answer.status_code == 401
        assert "X-User" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"

    def test_after_signing_out_the_page_says_nobody(self, as_):
        client = as_("tech")
        left = client.post("/sign-out")
        assert left.location == "/sign-in?left=1"
        assert left.headers.get("X-User") is None
        answer = client.get(left.location)
        assert answer.headers["X-User"] == "nobody"
        assert "data-user" not in answer.text

    def test_whoever_is_signed_in_is_not_said_to_be_nobody(self, app, as_):
        answer = as_("tech").get("/sign-in?left=1")
        assert answer.status_code == 303
        assert answer.headers["X-User"] == id_of(app, "tech")

    @pytest.mark.parametrize("address", NEVER_KEPT)
    def test_pages_of_problems_are_never_kept(self, as_, address):
        answer = as_("tech").get(address)
        assert answer.status_code >= 400
        assert answer.headers["Cache-Control"] == "no-store"

    def test_a_crash_is_never_kept(self, app, as_, monkeypatch):
        def crash(**_: Any) -> None:
            raise RuntimeError

        client = as_("tech")
        monkeypatch.setitem(app.view_functions, "plans.today", crash)
        answer = client.get("/today")
        assert answer.status_code == 500
        assert answer.headers["Cache-Control"] == "no-store"
        assert "X-User" not in answer.headers

    def test_signing_in_remembers_the_language_for_the_pages_of_nobody(self, app, client):
        with app.app_context():
            db.session.scalars(select(Person).where(Person.username == "tech")).one().language = "en"
            db.session.commit()
        client.post("/sign-in", data={"username": "tech", "password": PASSWORD, "next": "/"})
        assert 'lang="en"' in client.get("/away").text


class TestManifest:
    def test_it_says_what_a_phone_needs(self, client):
        answer = client.get("/manifest.webmanifest")
        assert answer.mimetype == "application/manifest+json"
        facts = json.loads(answer.text)
        assert (facts["start_url"], facts["scope"], facts["display"]) == ("/today", "/", "standalone")
        assert {(one["sizes"], one["purpose"]) for one in facts["icons"]} == {
            ("192x192", "any"),
            ("512x512", "any"),
            ("512x512", "maskable"),
        }

    def test_its_icons_are_pictures_of_the_size_it_says(self, client):
        for one in json.loads(client.get("/manifest.webmanifest").text)["icons"]:
            picture = Image.open(BytesIO(client.get(one["src"]).data))
            assert f"{picture.width}x{picture.height}" == one["sizes"]

    def test_it_speaks_the_language_of_the_browser(self, client):
        assert json.loads(client.get("/manifest.webmanifest").text)["short_name"] == "巡检"
        client.set_cookie("language", "en")
        assert json.loads(client.get("/manifest.webmanifest").text)["short_name"] == "Xunjian"

    def test_pages_name_it_with_the_cookie_that_tells_the_language(self, client):
        page = client.get("/sign-in").text
        assert '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">' in page
        touch_icon = re.search(r'<link rel="apple-touch-icon" href="([^"]+)">', page)
        assert touch_icon
        assert Image.open(BytesIO(client.get(touch_icon[1]).data)).size == (180, 180)

    def test_its_colours_are_those_of_the_design(self, client):
        facts = json.loads(client.get("/manifest.webmanifest").text)
        css = (ROOT / "static/app.css").read_text()
        assert f"--bar:{facts['theme_color']}" in css
        assert f"--ground:{facts['background_color']}" in css
        page = client.get("/sign-in").text
        colours = re.findall(r'<meta name="theme-color" content="(#\w+)"', page)
        assert colours == re.findall(r"--bar:(#\w+)", css)[:2]


class TestAway:
    def test_it_is_the_same_whoever_is_signed_in(self, client, as_):
        client.set_cookie("language", "en")
        pages = [client.get("/away").text]
        for name in ("tech", "supervisor2"):
            signed_in = as_(name, "zh")
            signed_in.set_cookie("language", "en")
            answer = signed_in.get("/away")
            assert "X-User" not in answer.headers
            pages.append(answer.text)
        assert len(set(pages)) == 1
        assert "data-user" not in pages[0]
        assert not UUID.search(pages[0])

    def test_it_leads_on_and_has_the_places_that_the_script_fills(self, client):
        page = client.get("/away").text
        for address in ("/today", "/scan", "/outbox", "/notes/new"):
            assert f'href="{address}"' in page
        for mark in ("data-away-label hidden", "data-label-name", "data-label-note", "data-away-ios hidden"):
            assert mark in page

    def test_looking_at_it_signs_nobody_out(self, as_):
        client = as_("tech")
        client.get("/away")
        assert client.get("/today").status_code == 200


def test_sign_in_and_today_carry_the_hint_about_an_insecure_address(client, as_):
    assert "data-secure-hint hidden" in client.get("/sign-in").text
    assert "data-secure-hint hidden" in as_("tech").get("/today").text
