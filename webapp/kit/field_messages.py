"""What marshmallow says about a field, in the reader's language. Its own texts are English only."""

from __future__ import annotations

import re

from flask_babel import gettext as _


def in_words(text: str) -> str:
    """The message in the reader's language; one that is not marshmallow's own stays as it is."""
    for pattern, words in _known():
        if re.fullmatch(pattern, text):
            return words
    return text


def _known() -> list[tuple[str, str]]:
    return [
        (r"Missing data for required field\.|Field may not be null\.", _("This is needed.")),
        (r"Not a valid (integer|number|decimal)\.", _("Please give a number.")),
        (r"Not a valid (date|datetime|time|aware datetime|naive datetime)\.", _("Please give a date or time.")),
        (r"Not a valid .+\.|Invalid .+\.|Field not valid\.", _("This cannot be read.")),
        (r"Must be one of: .+\.", _("Please choose one of the offered answers.")),
        (r"(Longer than maximum length|Length must be|Shorter than minimum length).+", _("The length does not fit.")),
        (r"Must be (greater|less).+", _("The number is too small or too large.")),
        (r"Unknown field\.", _("This field is not known here.")),
    ]
