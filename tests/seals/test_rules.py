"""The chain and the comparison of contents: whatever single thing is changed is found."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.kit.canonical import sha256_hex
from webapp.seals.rules import FIRST, Difference, Link, breaks_of, content_text, differences, digest_of, files_in

texts = st.text(max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
contents = st.dictionaries(st.text(min_size=1, max_size=8), plain, max_size=5)


def chain(*texts: str) -> list[Link]:
    links: list[Link] = []
    for number, text in enumerate(texts, 1):
        before = links[-1].digest if links else FIRST
        links.append(Link(number, text, digest_of(before, text), before))
    return links


def broken_links(links: list[Link]) -> list[tuple[int, str]]:
    """(number, what is wrong) along a chain."""
    broken, before, expected = [], FIRST, 1
    for link in links:
        broken += [(link.number, what) for what in breaks_of(link, before, expected)]
        before, expected = link.digest, link.number + 1
    return broken


def with_(link: Link, **changes: Any) -> Link:
    return Link(**{**link.__dict__, **changes})


def test_the_digest_is_sha256_of_the_digest_before_and_the_text():
    assert digest_of(FIRST, '{"a":1}') == sha256_hex("0" * 64 + '\n{"a":1}')


def test_an_untouched_chain_has_no_break():
    assert broken_links(chain("a", "b", "c")) == []
    assert broken_links([]) == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (lambda c: [c[0], with_(c[1], content="B"), c[2]], [(2, "digest")]),
        (lambda c: [c[0], with_(c[1], digest=digest_of(c[0].digest, "x")), c[2]], [(2, "digest"), (3, "previous")]),
        (lambda c: [c[0], c[2]], [(3, "number"), (3, "previous")]),
        (lambda c: [with_(c[0], content="b"), with_(c[1], content="a"), c[2]], [(1, "digest"), (2, "digest")]),
        (
            lambda c: [with_(c[1], number=1), with_(c[0], number=2), c[2]],
            [(1, "previous"), (2, "previous"), (3, "previous")],
        ),
        (lambda c: c[1:], [(2, "number"), (2, "previous")]),
    ],
    ids=["text", "digest", "one taken out", "texts swapped", "seals swapped", "first taken out"],
)
def test_each_break_of_the_chain_names_its_number(changed, found):
    assert broken_links(changed(chain("a", "b", "c"))) == found


@given(st.lists(texts, min_size=1, max_size=6), st.data())
@settings(max_examples=60)
def test_any_single_change_of_a_chain_is_found(contents_of_chain, data):
    links = chain(*contents_of_chain)
    place = data.draw(st.integers(0, len(links) - 1))
    field = data.draw(st.sampled_from(["content", "digest", "previous_digest"]))
    old = getattr(links[place], field)
    new = data.draw(texts.filter(lambda text: text != old))
    links[place] = with_(links[place], **{field: new})
    assert place + 1 in {number for number, _what in broken_links(links)}


@given(contents, contents)
@settings(max_examples=100)
def test_two_contents_have_one_digest_only_when_they_are_the_same(one, other):
    same_digest = digest_of(FIRST, content_text(one)) == digest_of(FIRST, content_text(other))
    assert same_digest == (content_text(one) == content_text(other))


@given(contents)
@settings(max_examples=100)
def test_a_content_has_no_difference_to_itself_after_the_database(content):
    assert differences(content, json.loads(content_text(content))) == []


@given(st.lists(st.fixed_dictionaries({"id": st.uuids().map(str), "value": texts}), min_size=1, max_size=5), st.data())
@settings(max_examples=60)
def test_one_changed_value_is_the_one_difference_and_is_named(entries, data):
    changed = copy.deepcopy(entries)
    place = data.draw(st.integers(0, len(entries) - 1))
    changed[place]["value"] = entries[place]["value"] + "x"
    found = differences({"inspections": entries}, {"inspections": list(reversed(changed))})
    path = ("inspections", entries[place]["id"], "value")
    assert found == [Difference(path, entries[place]["value"], changed[place]["value"])]


@pytest.mark.parametrize(
    ("sealed", "present", "path"),
    [
        ({"a": 1}, {"a": True}, ("a",)),
        ({"a": "1"}, {"a": 1}, ("a",)),
        ({"a": None}, {"a": ""}, ("a",)),
        ({"a": []}, {"a": ["3"]}, ("a", "1")),
        ({"a": ["3", "5"]}, {"a": ["3", "6"]}, ("a", "2")),
        ({"a": [{"key": "x", "v": 1}]}, {"a": []}, ("a", "x")),
        ({}, {"b": 0}, ("b",)),
    ],
)
def test_small_differences_count(sealed, present, path):
    assert [each.path for each in differences(sealed, present)] == [path]


def test_printed_names_may_change_later():
    sealed = {"asset": {"id": "1", "printed": {"name": "old"}}}
    assert differences(sealed, {"asset": {"id": "1", "printed": {"name": "new"}}}) == []
    assert len(differences(sealed, {"asset": {"id": "2", "printed": {"name": "old"}}})) == 1


def test_every_part_with_a_digest_is_a_file():
    content = {
        "inspections": [{"id": "i", "photos": [{"id": "p", "sha256": "aa"}]}],
        "signatures": [{"id": "s", "sha256": "bb"}],
    }
    assert files_in(content) == [(("inspections", "i", "photos", "p"), "aa"), (("signatures", "s"), "bb")]
