"""When a document that arrives is the same as one that is here already."""

from __future__ import annotations

from typing import Any

from webapp.kit.canonical import canonical_json, sha256_hex


def digest_of(kind: str, content: dict[str, Any]) -> str:
    """Digest over the cleaned fields that came. Nothing that the server adds may be inside."""
    return sha256_hex(canonical_json({"kind": kind, "content": content}))
