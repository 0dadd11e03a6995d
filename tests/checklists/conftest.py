"""Fixtures of this room."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale


@pytest.fixture
def english(context: Flask) -> Iterator[None]:
    """An app context whose messages are English."""
    with force_locale("en"):
        yield
