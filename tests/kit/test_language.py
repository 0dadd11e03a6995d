"""Texts of templates: the same words as everywhere else, in either language."""

from __future__ import annotations

import pytest
from flask_babel import force_locale, gettext

from webapp.kit.language import said

pytestmark = pytest.mark.one_database


def test_templates_say_what_gettext_says_in_either_language_whatever_a_variable_is_called(context):
    told = set()
    for language in ("zh", "en"):
        with force_locale(language):
            assert said("Today") == gettext("Today")
            assert said("Fault %(text)s", text="x") == gettext("Fault %(text)s", text="x") == "Fault x"
            told.add(said("Today"))
    assert len(told) == 2
