"""The soak: two people hand in documents over a line that lies, to a server that dies, from browsers that die.

What a browser acknowledged is the truth. In the end everything is healed and compared: each document exactly once,
each photo byte for byte, the order of each person kept, nothing refused.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserGone
from playwright.sync_api import sync_playwright

from tests.conftest import make_app
from tests.databases import fill
from tests.engines.driver import free_port
from tests.fault_proxy import Fault, FaultProxy, is_field_work
from tests.house.test_killed_server import Server
from tests.soak.documents import PEOPLE, Paper, papers_for, person_id
from tests.soak.tablets import Tablet

WEIGHTS = {
    Fault.LOST_ANSWER: 5,
    Fault.RESET: 3,
    Fault.RESET_IN_REQUEST: 3,
    Fault.RESET_IN_ANSWER: 3,
    Fault.ERROR: 2,
    Fault.APP_ERROR: 2,
    Fault.FLIP_REQUEST: 3,
    Fault.BUSY: 2,
    Fault.SIGN_IN: 2,
    Fault.CAPTIVE: 2,
    Fault.REDIRECT: 2,
    Fault.EMPTY: 2,
    Fault.FLIP_ANSWER: 1,
    Fault.SLOW: 1,
    Fault.SILENCE: 0.5,
}
PHOTOS_OF_EACH = """
    select inspection_id, file_id from answer_photos join answers on answers.id = answer_id
    union all select note_id, file_id from note_photos
"""
PATIENCE = 90  # seconds for handing in one document
RECEIVED = "select subject, count(*) from audit_entries where verb in ({}) group by 1"


@dataclass(frozen=True)
class Size:
    """How much, how long, how bad."""

    documents: int
    photos: int  # of each document
    seconds: float  # over which handing in and misfortune are spread
    most_seconds: float  # after which nothing more is handed in
    browser_kills: int  # of each person's
    server_kills: int
    outages: int
    share: float = 0.12  # of the requests that suffer a fault
    silent_seconds: float = 40
    drain_seconds: float = 60  # after healing: the longest time in which nothing more is delivered


@dataclass
class Tally:
    """What happened; `complaints` must be empty."""

    seed: str
    documents: int = 0
    photos: int = 0
    wanted: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    browser_kills: int = 0
    server_kills: int = 0
    outages: int = 0
    sign_ins: int = 0
    answers: Counter[str] = field(default_factory=Counter)  # of the server
    seconds: float = 0
    complaints: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"documents {self.documents} of {self.wanted}, photos {self.photos}, seconds {self.seconds:.0f}"
        yield f"duplicates that the server saw (200): {self.answers['200']}"
        yield "answers " + ", ".join(f"{status}: {count}" for status, count in sorted(self.answers.items()))
        yield f"killed: browser {self.browser_kills}, server {self.server_kills}; no network: {self.outages} times"
        yield f"signed in {self.sign_ins} times"
        yield from (f"  {count:5} × {fault}" for fault, count in self.faults.most_common())


def run(folder: Path, size: Size, seed: str, say: Callable[[str], None]) -> Tally:
    """Plays it all in `folder`; the tally says in `complaints` what went wrong."""
    tally, started = Tally(seed, wanted=size.documents), time.monotonic()
    app = make_app(f"sqlite:///{folder / 'app.db'}", folder)
    fill(app)
    server = Server(folder, free_port())
    start(server)
    try:
        with FaultProxy(server.port, silent_seconds=size.silent_seconds, bytes_per_second=20_000) as proxy:
            count = size.documents // len(PEOPLE)
            papers = {name: papers_for(app, name, count, size.photos, seed) for name in PEOPLE}
            people = [Person(name, person_id(app, name), papers[name], folder, proxy.url) for name in PEOPLE]
            play(people, server, proxy, size, seed, tally, say)
            count_events(proxy, tally)
    finally:
        server.kill()
    compare(folder, {person.name: person.done for person in people}, tally)
    tally.seconds = time.monotonic() - started
    return tally


class Person:
    """Somebody with a tablet, and the documents to be handed in. Each acts in a thread of its own."""

    def __init__(self, name: str, user_id: str, papers: list[Paper], folder: Path, base: str) -> None:
        self.name, self.papers = name, papers
        self.tablet = Tablet(folder / f"tablet-{name}", base, name, user_id)
        self.done: list[Paper] = []  # acknowledged, in this order
        self.complaints: list[str] = []

    def play(self, size: Size, seed: str, step: threading.Barrier, say: Callable[[str], None]) -> None:
        """Wakes the tablet, hands in, waits until the line is honest, sends the rest. Meets the others at `step`."""
        try:
            with sync_playwright() as playwright, closing(self.tablet.of(playwright.chromium)):
                self.tablet.wake()
                step.wait()
                self.hand_in_all(size, seed, say)
                step.wait()
                step.wait()  # in between the line was healed
                self.send_all(size, say)
        except threading.BrokenBarrierError:
            self.complaints.append(f"{self.name}: stopped because somebody else could not go on")
        except Exception as error:
            self.complaints.append(f"{self.name}: {type(error).__name__}: {error}")
            step.abort()

    def hand_in_all(self, size: Size, seed: str, say: Callable[[str], None]) -> None:
        """One document after the other, with a kill now and then."""
        dice = random.Random(f"{seed}/{self.name}/kills")
        kills = set(dice.sample(range(len(self.papers)), min(size.browser_kills, len(self.papers))))
        end = time.monotonic() + size.most_seconds
        for nth, paper in enumerate(self.papers):
            turn_ends = time.monotonic() + size.seconds / len(self.papers)
            self.hand_in(paper, dice if nth in kills else None)
            if nth % 50 == 49:
                say(f"{self.name}: {nth + 1} handed in, {self.state().get('waiting')} of them wait")
            while time.monotonic() < turn_ends:
                self.state()
                threading.Event().wait(0.1)
            if time.monotonic() > end:
                say(f"{self.name}: stopped by the clock after {nth + 1} documents")
                return

    def hand_in(self, paper: Paper, dice: random.Random | None) -> None:
        """Until the browser has acknowledged it; with `dice` the browser is killed the first time."""
        end = time.monotonic() + PATIENCE
        submitted, is_acknowledged = paper.as_submitted(self.tablet.user_id), False
        while not is_acknowledged:
            if time.monotonic() > end:
                raise AssertionError(f"cannot hand in {paper.id}: {self.tablet.complaint}")
            timer = self.tablet.kill_soon(dice) if dice and not self.tablet.is_dead else None
            try:
                is_acknowledged = bool(self.tablet.ask("handIn", submitted, paper.photos_as_text()))
            except BrowserGone as error:
                self.tablet.note_gone(error)
            if is_acknowledged:
                self.done.append(paper)
            if timer:
                dice = None
                timer.join()
                self.tablet.kill()
                self.look_for_lost()

    def look_for_lost(self) -> None:
        """After a kill: what was acknowledged must be on the device or delivered."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                lost = self.tablet.ask("lost", [paper.id for paper in self.done])
            except BrowserGone as error:
                self.tablet.note_gone(error)
                continue
            if lost:
                self.complaints.append(f"{self.name}: acknowledged, and gone after a kill: {lost}")
            return

    def state(self) -> dict[str, Any]:
        """Lets the page send what waits; what it says about that, nothing where the browser was gone."""
        try:
            state = dict(self.tablet.ask("state") or {})
            if state.get("pause") == "sign_in":
                self.tablet.sign_in_if_asked()
        except BrowserGone as error:
            self.tablet.note_gone(error)
            return {}
        return state

    def send_all(self, size: Size, say: Callable[[str], None]) -> None:
        """The line is honest now: everything must go, and leave nothing behind."""
        end, fewest = time.monotonic() + size.drain_seconds, len(self.papers)
        state: dict[str, Any] = {}
        while not is_settled(state) and time.monotonic() < end:
            threading.Event().wait(0.2)
            state = self.state()
            if state.get("waiting", fewest) < fewest:
                end, fewest = time.monotonic() + size.drain_seconds, state["waiting"]
        if state.get("waiting", 1):
            self.complaints.append(f"{self.name}: still on the device: {state} {self.tablet.complaint}")
        elif left := self.tablet.ask("left"):
            self.complaints.append(f"{self.name}: all delivered, but {left} photos still fill the device")
        say(f"{self.name}: {state.get('waiting')} left on the device")


def play(
    people: list[Person],
    server: Server,
    proxy: FaultProxy,
    size: Size,
    seed: str,
    tally: Tally,
    say: Callable[[str], None],
) -> None:
    """All people at once; misfortune lasts until the last of them has handed in everything."""
    step = threading.Barrier(len(people) + 1)
    threads = [threading.Thread(target=person.play, args=(size, seed, step, say)) for person in people]
    for thread in threads:
        thread.start()
    with suppress(threading.BrokenBarrierError):
        step.wait()
        with misfortune(server, proxy, size, seed, tally):
            step.wait()
        step.wait()
    for thread in threads:
        thread.join()
    for person in people:
        tally.complaints += person.complaints
        tally.browser_kills += person.tablet.kills
        tally.sign_ins += person.tablet.sign_ins


@contextmanager
def misfortune(server: Server, proxy: FaultProxy, size: Size, seed: str, tally: Tally) -> Iterator[None]:
    """While the block runs, the line lies, the server is killed now and then, the network goes and comes."""
    dice, stop = random.Random(f"{seed}/misfortune"), threading.Event()
    deeds = ["kill"] * size.server_kills + ["outage"] * size.outages
    dice.shuffle(deeds)

    def work() -> None:
        pause = size.seconds / (len(deeds) + 1)
        for deed in deeds:
            if stop.wait(dice.uniform(0.3, 1) * pause):
                return
            if deed == "kill":
                server.kill()
                tally.server_kills += 1
                start(server)
            else:
                proxy.unplug()
                stop.wait(dice.uniform(0.5, 3))
                proxy.plug_in()
                tally.outages += 1

    for fault in sorted(WEIGHTS.keys() - {Fault.SILENCE, Fault.SLOW}):  # each at least once, however small the soak
        proxy.next(fault, "PUT", "/files/")
        proxy.next(fault, "POST", "/inspections/")
    proxy.at_random(WEIGHTS, share=size.share, seed=seed)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
        thread.join(size.seconds)
    finally:
        stop.set()
        thread.join()
        proxy.heal()


def start(server: Server) -> None:
    """Patiently: the machine may be busy."""
    for _time in range(2):
        try:
            return server.start()
        except AssertionError:
            server.kill()
    return server.start()


def is_settled(state: dict[str, Any]) -> bool:
    """Nothing waits any more but what a person must look at."""
    return bool(state) and state["waiting"] == state["stuck"]


def count_events(proxy: FaultProxy, tally: Tally) -> None:
    concerned = [event for event in proxy.events if is_field_work(event.method, event.path)]
    tally.answers.update(str(event.status or "none") for event in concerned)
    tally.faults.update(str(event.fault) for event in concerned if event.fault != Fault.PASS)


def compare(folder: Path, done: dict[str, list[Paper]], tally: Tally) -> None:
    """The server's side against what was acknowledged, document by document and byte by byte."""
    papers = {paper.id: paper for each in done.values() for paper in each}
    tally.documents = len(papers)
    tally.photos = sum(len(paper.photos) for paper in papers.values())
    with closing(sqlite3.connect(folder / "app.db")) as database:
        complain = tally.complaints.append
        for check, good in (("pragma integrity_check", [("ok",)]), ("pragma foreign_key_check", [])):
            if (found := database.execute(check).fetchall()) != good:
                complain(f"{check}: {found}")
        for refusal in database.execute("select kind, status, reason from refusals"):
            complain(f"refused: {refusal}")
        compare_documents(database, papers, complain)
        compare_order(database, done, complain)
        compare_photos(database, folder / "files", papers, complain)


def compare_documents(database: sqlite3.Connection, papers: dict[str, Paper], complain: Callable[[str], None]) -> None:
    rows = database.execute("select id, kind, content from arrivals").fetchall()
    arrived = {_dashed(name): (kind, content) for name, kind, content in rows}
    log = dict(database.execute(RECEIVED.format("'inspection.received', 'note.received'")))
    records = Counter(
        _dashed(name) for (name,) in database.execute("select id from inspections union all select id from notes")
    )
    _same("arrivals", arrived, papers, complain)
    _same("records", records, papers, complain)
    for name, paper in papers.items():
        kind, content = arrived.get(name, (paper.kind, "{}"))
        written = json.loads(content).get("text" if paper.kind == "note" else "advice")
        if name in arrived and (kind, written) != (paper.kind, paper.text):
            complain(f"{name} has other content: {content[:200]}")
        if (count := log.get(f"{paper.kind}:{name}")) != 1:
            complain(f"{name} stands {count} times in the log")


def compare_order(database: sqlite3.Connection, done: dict[str, list[Paper]], complain: Callable[[str], None]) -> None:
    """Received in the order in which each person handed in."""
    arrived = [_dashed(name) for (name,) in database.execute("select id from arrivals order by rowid")]
    places = {name: place for place, name in enumerate(arrived)}
    for person, papers in done.items():
        order = [places[paper.id] for paper in papers if paper.id in places]
        overtaken = [papers[nth].id for nth in range(1, len(order)) if order[nth] < order[nth - 1]]
        if overtaken:
            complain(f"{person}: {len(overtaken)} documents were overtaken or overtook, first {overtaken[0]}")


def compare_photos(
    database: sqlite3.Connection, store: Path, papers: dict[str, Paper], complain: Callable[[str], None]
) -> None:
    stored = {_dashed(name): sha256 for name, sha256 in database.execute("select id, sha256 from stored_files")}
    log = dict(database.execute(RECEIVED.format("'file.received'")))
    links = Counter((_dashed(record), _dashed(file)) for record, file in database.execute(PHOTOS_OF_EACH))
    for paper in papers.values():
        for photo in paper.photos:
            data = photo.data
            sha256 = stored.get(photo.id, "")
            place = store / sha256[:2] / sha256[2:4] / sha256
            if not sha256 or not place.is_file() or place.read_bytes() != data:
                complain(f"photo {photo.id} of {paper.id} is not there byte for byte")
            times = (links[paper.id, photo.id], log.get(f"file:{photo.id}"))
            if times != (1, 1):
                complain(f"photo {photo.id} of {paper.id} (in the record, in the log): {times} times")
    _same("photos", stored, {photo.id: paper for paper in papers.values() for photo in paper.photos}, complain)


def _same(what: str, found: object, wanted: dict[str, Paper], complain: Callable[[str], None]) -> None:
    names = set(found)  # type: ignore[call-overload]
    if missing := set(wanted) - names:
        complain(f"{what}: {len(missing)} are missing, first {min(missing)}")
    if more := names - set(wanted):
        complain(f"{what}: {len(more)} that nobody acknowledged, first {min(more)}")
    if isinstance(found, Counter) and (twice := [name for name, count in found.items() if count != 1]):
        complain(f"{what}: {len(twice)} more than once, first {min(twice)}")


def _dashed(name: str) -> str:
    """A UUID as SQLite keeps it → as everybody writes it."""
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"
