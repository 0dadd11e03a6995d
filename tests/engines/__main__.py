"""`make test-engines`: the core journey in Firefox and WebKitGTK. Says what ran and what could not run, and why.

Exit status 0 only if something ran and all that ran is green.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from tests.conftest import make_app
from tests.databases import fill
from tests.engines.driver import DriverError, Engine, Firefox, WebKit, free_port
from tests.engines.journey import Journey
from tests.fault_proxy import FaultProxy
from tests.house.test_killed_server import Server
from tests.inspections.documents import ANTENNA, asset_with
from webapp.assets.models import Label
from webapp.extensions import db

ENGINES: tuple[type[Engine], ...] = (Firefox, WebKit)
NOT_RUN = (
    "a real camera, a finger on glass: photos go through the file input, the signature through pointer events",
    "Safari on an iPhone: WebKitGTK is its engine, not its storage rules",
)


def main(wanted: list[str]) -> int:
    """Runs the journey in each engine (or in those named) and prints one line for each step."""
    ran, failed = [], []
    with screen() as display:
        for engine in ENGINES:
            if wanted and engine.name.lower() not in [name.lower() for name in wanted]:
                continue
            if lacking := engine.lacks():
                print(f"not run: {engine.name}: {', '.join(lacking)} is missing (apt-get install {engine.packages})")
                continue
            ran.append(engine.name)
            if not journey_in(engine, display):
                failed.append(engine.name)
    for line in NOT_RUN:
        print(f"not run: {line}")
    if not ran:
        print("Nothing could be run.")
    elif failed:
        print(f"FAILED: {', '.join(failed)}")
    else:
        print(f"All green: {', '.join(ran)}.")
    return 0 if ran and not failed else 1


def journey_in(engine: type[Engine], display: str) -> bool:
    """A server, a line and a profile of its own for this engine; whether all went well."""
    folder = Path(tempfile.mkdtemp(prefix="xunjian-engines-"))
    app = make_app(f"sqlite:///{folder / 'app.db'}", folder)
    fill(app)
    with app.app_context():
        asset = asset_with(ANTENNA).id
        newest = select(Label.short_code).where(Label.asset_id == asset, Label.replaced_at.is_(None))
        code = db.session.scalars(newest).one()
    server, browser = Server(folder, free_port()), engine(folder / "profile", display)
    print(f"── {engine.name}")
    try:
        server.start()
        with FaultProxy(server.port) as proxy:
            browser.start()
            is_good = walk(Journey(browser, proxy, folder, str(asset), code))
    finally:
        browser.kill()
        server.kill()
    if is_good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"   everything is still in {folder}")
    return is_good


def walk(journey: Journey) -> bool:
    """One step after the other; the first that fails ends the journey."""
    for name, deed in journey.steps():
        started = time.monotonic()
        try:
            deed()
        except (AssertionError, DriverError, OSError) as error:
            print(f"   FAILED: {name}: {error}")
            for line in where(journey):
                print(f"      {line}")
            return False
        print(f"   ok, {time.monotonic() - started:.1f} s: {name}", flush=True)
    return True


def where(journey: Journey) -> list[str]:
    """What the page shows when a step has failed."""
    shown = "return [location.href, document.title, document.getElementById('problem')?.textContent.trim() ?? '']"
    try:
        return [str(line) for line in journey.browser.run(shown)]
    except (DriverError, OSError) as error:
        return [f"the browser says nothing more: {error}"]


@contextmanager
def screen() -> Iterator[str]:
    """A screen for windows: Xvfb on a number that it chooses itself; empty where there is none."""
    program = shutil.which("Xvfb")
    if not program:
        yield ""
        return
    read, write = os.pipe()
    command = [program, "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, pass_fds=[write], stdout=quiet, stderr=quiet)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
