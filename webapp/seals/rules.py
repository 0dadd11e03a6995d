"""The seal: SHA-256 over the canonical content and the seal before it, so that a site's seals form a chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webapp.kit.canonical import canonical_json, sha256_hex

FIRST = "0" * 64


@dataclass(frozen=True)
class Link:
    """What the chain check needs of one seal."""

    number: int
    content: str
    digest: str
    previous_digest: str


def digest_of(previous_digest: str, content: str) -> str:
    """The digest of a sealed content: 64 hexadecimal digits."""
    return sha256_hex(f"{previous_digest}\n{content}")


def content_text(content: dict[str, Any]) -> str:
    """The canonical text that is sealed."""
    return canonical_json(content)


def broken_links(links: Iterable[Link]) -> list[tuple[int, str]]:
    """Walks a site's chain in order of number; (number, what is wrong) for each break.

    Wrong is "digest" (content does not give the digest), "previous" (does not follow the seal before),
    "number" (a seal is missing before this one).
    """
    broken = []
    before, expected = FIRST, 1
    for link in links:
        if link.number != expected:
            broken.append((link.number, "number"))
        if link.previous_digest != before:
            broken.append((link.number, "previous"))
        if digest_of(link.previous_digest, link.content) != link.digest:
            broken.append((link.number, "digest"))
        before, expected = link.digest, link.number + 1
    return broken
