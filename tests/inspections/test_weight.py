"""What the first visit of a checklist costs on a slow line: bytes and requests, over the real files."""

from __future__ import annotations

import gzip
import re

from tests.inspections.documents import code_to_id
from webapp.config import ROOT

LARGEST = "SG-2-01-002"  # a checklist of twelve items, the most of any


def named_in(html: str) -> dict[str, bytes]:
    """Address → bytes of all that the page itself names."""
    addresses = re.findall(r'<(?:link|script)[^>]*(?:href|src)="(/static/[^"]+)"', html)
    addresses = [one for one in addresses if "/img/" not in one]  # fetched when the app is put on a home screen
    addresses += re.findall(r'<use href="(/static/[^"#]+)', html)
    names = {re.sub(r"/v-[0-9a-f]{12}/", "/", address) for address in addresses}
    return {name: (ROOT / name.removeprefix("/")).read_bytes() for name in names}


def with_imports(files: dict[str, bytes]) -> dict[str, bytes]:
    """These files, and the modules that the modules among them import."""
    found = dict(files)
    for name, data in files.items():
        if name.startswith("/static/js/"):
            for imported in re.findall(r'^import .*"\./(\w+\.js)";', data.decode(), re.MULTILINE):
                found[f"/static/js/{imported}"] = (ROOT / "static/js" / imported).read_bytes()
    return found


def zipped(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def test_the_first_visit_of_a_checklist_is_light(app, as_):
    page = as_("tech", "zh").get(f"/inspections/new/{code_to_id(app, LARGEST)}").text
    assert page.count('class="item"') >= 12
    fetched = with_imports(with_imports(named_in(page)))
    scripts = {name: zipped(data) for name, data in fetched.items() if name.endswith(".js")}
    total = zipped(page.encode()) + sum(zipped(data) for data in fetched.values())
    assert sum(scripts.values()) <= 25_000, scripts
    assert total <= 45_000, {name: zipped(data) for name, data in fetched.items()}
    assert len(fetched) + 1 <= 9, sorted(fetched)


def test_the_modules_of_a_checklist_come_in_two_steps(app, as_):
    """Each step is a round trip; all in one would take the line from the stylesheet, for which the paint waits."""
    first = named_in(as_("tech").get(f"/inspections/new/{code_to_id(app, LARGEST)}").text)
    second = with_imports(first)
    assert {"/static/js/checklist.js", "/static/js/form.js"} == {name for name in first if name.endswith(".js")}
    assert set(with_imports(second)) == set(second)
