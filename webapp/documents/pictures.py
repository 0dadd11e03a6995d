"""Photos made small for papers, one at a time, into a folder that is removed with the job."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from webapp.files.images import NotAPicture, TooLarge, drawn
from webapp.files.queries import files_with
from webapp.files.store import store

LONGEST_SIDE = 900  # pixels: 270 to the inch at half the width of a page
SHAPE = "paper"
MOST_AT_ONCE = 500


def small_pictures(
    file_ids: Iterable[uuid.UUID], folder: Path, beat: Callable[[], None] = lambda: None
) -> dict[uuid.UUID, Path | None]:
    """File id → a JPEG on disk, drawn once and then kept by the store; None where the bytes are lost.

    Only one photo is in memory at a time. `beat` is called after each.
    """
    wanted = list(dict.fromkeys(file_ids))
    found: dict[uuid.UUID, Path | None] = dict.fromkeys(wanted)
    for at in range(0, len(wanted), MOST_AT_ONCE):
        for file_id, file in files_with(wanted[at : at + MOST_AT_ONCE]).items():
            try:
                data = store().served(file.sha256, SHAPE, lambda raw: drawn(raw, LONGEST_SIDE))
            except (FileNotFoundError, NotAPicture, TooLarge):
                continue
            path = folder / f"{file_id}.jpg"
            path.write_bytes(data)
            found[file_id] = path
            beat()
    return found
