"""The app as the benchmark measures it: its own folder with the demo in it, gunicorn as in production, two workers."""

from __future__ import annotations

import copy
import http.client
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select, update

from tests.cast import PASSWORD
from tests.conftest import make_app
from tests.databases import fill
from tests.inspections.documents import asset_with, filled, normal_answer
from webapp.assets.models import Asset
from webapp.checklists.actions import import_checklists
from webapp.checklists.exchange import file_of, parse
from webapp.checklists.queries import current_versions, version_for
from webapp.config import ROOT
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

LONGEST_START = 20  # seconds
ITEMS = 20
LINE = 3  # of Shaoguan: a round of exactly twenty devices; the first of them gets the long checklist
ASSET, KEY = "SG-3-01-001", "ka_portable_station"
WORKERS = 2
OURS = ("--config", "deploy/gunicorn.conf.py", "wsgi:app")
BARE = (  # as deploy/gunicorn.conf.py has it
    *("--bind", "127.0.0.1:{port}", "--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "4"),
    *("--preload", "--keep-alive", "5", "--log-level", "warning", "tests.bench.bare:create_app()"),
)


@dataclass
class Server:
    """A running gunicorn."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """What its workers have used of the processors so far."""
        ticks = 0
        for children in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for worker in children.read_text().split():
                fields = Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Memory of master and workers, what they share counted once (PSS)."""
        pids = [str(self.process.pid)]
        for children in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            pids += children.read_text().split()
        found = (Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in pids)
        return sum(int(line.split()[1]) for lines in found for line in lines if line.startswith("Pss:")) / 1024


@dataclass(frozen=True)
class Stage:
    """A filled folder: the checklist of `asset` has twenty items, the round of line 3 twenty devices."""

    folder: Path
    asset: uuid.UUID  # its checklist has twenty items
    forms: list[dict[str, Any]]  # the long checklist, filled in, all in order; of several assets where asked for
    secret_key: str

    def environ(self, port: int) -> dict[str, str]:
        """The settings of production, as far as one machine has them; only the listed variables get through."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "DATABASE_URL")}
        given = {"DATA_DIR": str(self.folder), "SECRET_KEY": self.secret_key, "HOST": "127.0.0.1", "PORT": str(port)}
        return {**kept, **given, "WORKERS": str(WORKERS)}


@contextmanager
def stage(*, is_for_load: bool = False) -> Iterator[Stage]:
    """Fills a new folder and removes it at the end.

    `is_for_load`: all devices of the site get the long checklist, so that no single one is inspected a thousand times.
    """
    with tempfile.TemporaryDirectory(prefix="xunjian-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        app = make_app(f"sqlite:///{folder / 'app.db'}", folder)
        fill(app)
        with app.test_request_context():
            asset = asset_with(ASSET)
            with transaction():
                _lengthen(KEY)
                if is_for_load:
                    devices = (Asset.site_id == asset.site_id, Asset.kind == "device", Asset.quantity == 1)
                    db.session.execute(update(Asset).where(*devices).values(category=KEY))
            chosen = (
                select(Asset).where(Asset.category == KEY) if is_for_load else select(Asset).where(Asset.id == asset.id)
            )
            made = Stage(
                folder, asset.id, [_form(one) for one in db.session.scalars(chosen)], secrets.token_urlsafe(48)
            )
            db.session.remove()
            db.engine.dispose()
        yield made


def _form(asset: Asset) -> dict[str, Any]:
    """The long checklist of an asset with every item answered."""
    version = version_for(asset)
    assert version is not None
    assert len(version.items) == ITEMS
    return {**{f"a.{item.key}": normal_answer(item) for item in version.items}, **filled(asset)}


@contextmanager
def server(made: Stage, *, bare: bool = False) -> Iterator[Server]:
    """gunicorn on a free port; `bare`: the app of bare.py instead of ours, run in the same way."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", *(BARE if bare else OURS)]
    command = [word.format(port=port) for word in command]
    with (made.folder / "server.log").open("ab") as log:
        environ = made.environ(port)
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(process, port, made.folder / "server.log")
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def sign_in(port: int, username: str = "tech") -> str:
    """The cookies of somebody, as the header that a browser sends."""
    body = urlencode({"username": username, "password": PASSWORD}).encode()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_START)) as line:
        line.request("POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = line.getresponse()
        assert answer.status == 303, answer.read()
        return "; ".join(cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie", []))


def _lengthen(key: str) -> None:
    """Publishes a version of that checklist with its items repeated until there are twenty."""
    content = parse(file_of(current_versions(None)), "checklists.yaml")
    items = next(one for one in content["categories"] if one["key"] == key)["items"]
    for nth, item in enumerate(list(items[: ITEMS - len(items)]), start=1):
        items.append({**copy.deepcopy(item), "key": f"{item['key']}_{nth}"})
    import_checklists(content, now=utc_now())


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(log.read_text()[-4000:])
