"""Chinese is complete: every text that templates and code hand to gettext has its translation."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

from webapp.config import ROOT

CATALOGUE = ROOT / "webapp" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"


def test_every_text_has_a_chinese_translation(tmp_path: Path):
    """Run `make messages`, then fill in what is empty in webapp/translations/zh/LC_MESSAGES/messages.po."""
    wanted = extract(tmp_path)
    known = {message.id: message.string for message in read_po(io.BytesIO(CATALOGUE.read_bytes())) if message.id}
    missing = [text for text in wanted if not translated(known.get(text))]
    assert not missing, f"{len(missing)} texts without Chinese: {missing[:10]}"


def test_translations_keep_their_placeholders():
    """%(name)s in a text stands in its translation too, and nothing more."""
    for message in read_po(io.BytesIO(CATALOGUE.read_bytes())):
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        expected = {name for text in sources for name in placeholders(text)}
        for text in texts:
            assert set(placeholders(text)) <= expected, message.id
            assert expected - set(placeholders(text)) <= {"num"}, message.id


def extract(folder: Path) -> list[object]:
    """All texts in code and templates."""
    template = folder / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg", "-k", "_l"]
    subprocess.run([*command, "-o", str(template), "."], cwd=ROOT, check=True, stderr=subprocess.PIPE)
    return [message.id for message in read_po(io.BytesIO(template.read_bytes())) if message.id]


def translated(text: object) -> bool:
    """Whether a translation is there; plurals are tuples."""
    return all(text) if isinstance(text, tuple) else bool(text)


def placeholders(text: str) -> list[str]:
    """The %(names)s in a text."""
    return re.findall(r"%\((\w+)\)", text)
