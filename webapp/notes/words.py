"""What is odd about a note, as people say it."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.notes.rules import Flag


def flag_in_words(flag: str) -> str:
    """An odd thing about a note in a sentence."""
    names = {
        Flag.UNKNOWN_LABEL: _("The label is not known in this command centre."),
        Flag.REPLACED_LABEL: _("The label was replaced; the old one is still in use."),
        Flag.PHOTO_FORBIDDEN: _("Photos are forbidden at this place, but some came."),
        Flag.REUSED_PHOTO: _("A photo is also used in another place."),
    }
    return names.get(Flag(flag), flag)
