"""`make soak`: the soak in full, bounded by SOAK_SECONDS. Exit status 1 on any difference."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Size, run


def main() -> int:
    """Reads SOAK_DOCUMENTS, SOAK_PHOTOS (of each), SOAK_SECONDS, SOAK_SEED.

    Documents are handed in until the clock says stop, then all that waits is sent: a slow machine makes fewer documents
    and says how many.
    """
    seed = os.environ.get("SOAK_SEED") or f"{random.SystemRandom().randrange(1_000_000)}"
    seconds = float(os.environ.get("SOAK_SECONDS") or 480)
    documents, photos = (
        int(os.environ.get(name) or usual) for name, usual in (("SOAK_DOCUMENTS", 500), ("SOAK_PHOTOS", 3))
    )
    kills = max(1, documents // 50)  # of each of the two browsers
    size = Size(
        documents,
        photos,
        seconds=seconds * 0.5,
        most_seconds=seconds * 0.8,
        browser_kills=kills,
        server_kills=kills,
        outages=max(1, kills // 2),
    )
    print(f"SOAK_SEED={seed}: {documents} documents with {photos} photos each in about {seconds:.0f} s")
    folder = Path(tempfile.mkdtemp(prefix="xunjian-soak-"))
    tally = run(folder, size, seed, lambda line: print(line, flush=True))
    print(*tally.lines(), sep="\n")
    if tally.complaints:
        print(*(f"DIFFERENT: {line}" for line in tally.complaints[:20]), sep="\n")
        print(f"{len(tally.complaints)} differences. SOAK_SEED={seed}; everything is still in {folder}")
        return 1
    shutil.rmtree(folder)
    print(f"Each document once, each photo byte for byte, in order. SOAK_SEED={seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
