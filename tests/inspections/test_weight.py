"""What the first visit of a checklist costs on a slow line: bytes and requests, over the real files."""

from __future__ import annotations

import gzip
import re

from tests.inspections.documents import code_to_id
from webapp.config import ROOT

LARGEST = "SG-2-01-002"  # a checklist of twelve items, the most of any


def everything_fetched(html: str) -> dict[str, bytes]:
    """Address → bytes of all that the page loads, with the modules that its modules import."""
    addresses = re.findall(r'<(?:link|script)[^>]*(?:href|src)="(/static/[^"]+)"', html)
    addresses = [one for one in addresses if "/img/" not in one]  # fetched when the app is put on a home screen
    addresses += re.findall(r'<use href="(/static/[^"#]+)', html)
    names = {re.sub(r"/v-[0-9a-f]{12}/", "/", address) for address in addresses}
    return {name: (ROOT / name.removeprefix("/")).read_bytes() for name in names}


def zipped(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def test_the_first_visit_of_a_checklist_is_light(app, as_):
    page = as_("tech", "zh").get(f"/inspections/new/{code_to_id(app, LARGEST)}").text
    assert page.count('class="item"') >= 12
    fetched = everything_fetched(page)
    scripts = {name: zipped(data) for name, data in fetched.items() if name.endswith(".js")}
    total = zipped(page.encode()) + sum(zipped(data) for data in fetched.values())
    assert sum(scripts.values()) <= 25_000, scripts
    assert total <= 45_000, {name: zipped(data) for name, data in fetched.items()}
    assert len(fetched) + 1 <= 9, sorted(fetched)


def test_every_imported_module_is_asked_for_at_once(app, as_):
    """A module found only inside another costs a round trip of its own."""
    page = as_("tech").get(f"/inspections/new/{code_to_id(app, LARGEST)}").text
    fetched = everything_fetched(page)
    for name, data in fetched.items():
        if name.startswith("/static/js/"):
            for imported in re.findall(r'from "\.{1,2}/([\w./]+)"', data.decode()):
                assert any(other.endswith(imported) for other in fetched), f"{name} imports {imported}"
