"""A test client that reads every HTML answer as a strict visitor would."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import lxml.html
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FIELDS = {"input", "select", "textarea"}
UNLABELLED = {"hidden", "submit", "button"}


class CheckingClient(FlaskClient):
    """Opens pages and checks them: ids are unique, fields have names people can read, forms lead somewhere."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        if answer.mimetype == "text/html" and answer.data:
            problems = html_problems(answer.text, is_page=b"<!doctype html>" in answer.data[:200])
            assert not problems, f"{answer.request.path}: {'; '.join(problems)}"
        return answer


def html_problems(html: str, is_page: bool) -> list[str]:
    """What is wrong with a page or a fragment, in words."""
    root = lxml.html.document_fromstring(html) if is_page else lxml.html.fragment_fromstring(html, create_parent="div")
    everything: list[Element] = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = Counter(element.get("id") for element in everything if element.get("id"))
    problems = [f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1]
    problems += _fields_without_label(everything)
    for element in everything:
        problems += _inline_parts(element)
        problems += _dead_ends(element)
        if is_page:
            problems += _dangling_references(element, ids)
    headings = sum(element.tag == "h1" for element in everything)
    if is_page and headings != 1:
        problems.append(f"{headings} h1 headings")
    return problems


def _fields_without_label(everything: list[Element]) -> list[str]:
    labelled = {element.get("for") for element in everything if element.tag == "label"}
    wrapped = {id(inner) for element in everything if element.tag == "label" for inner in element.iter()}
    return [
        f"field {element.get('name')!r} has no label"
        for element in everything
        if element.tag in FIELDS
        and element.get("type") not in UNLABELLED
        and not (element.get("aria-label") or element.get("aria-labelledby"))
        and element.get("id") not in labelled
        and id(element) not in wrapped
    ]


def _inline_parts(element: Element) -> list[str]:
    """What the strict content policy would block."""
    problems = []
    if any(name.startswith("on") for name in element.attrib) or element.get("style"):
        problems.append(f"<{element.tag}> has an inline script or style")
    if element.tag in ("script", "style") and element.text:
        problems.append(f"<{element.tag}> has inline content")
    return problems


def _dead_ends(element: Element) -> list[str]:
    problems = []
    if element.tag == "form" and not element.get("action"):
        problems.append("a form leads nowhere without JavaScript")
    if element.tag == "form" and (element.get("method") or "get").lower() == "get" and element.get("hx-post"):
        problems.append("a form posts only with JavaScript")
    if element.tag == "img" and element.get("alt") is None:
        problems.append("a picture has no text")
    return problems


def _dangling_references(element: Element, ids: Counter[str | None]) -> list[str]:
    return [
        f"{name} points to {target!r}, which is not there"
        for name in ("aria-labelledby", "aria-describedby")
        for target in (element.get(name) or "").split()
        if target not in ids
    ]
