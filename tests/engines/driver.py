"""Firefox and WebKitGTK behind one small WebDriver vocabulary, each with a profile that outlives a SIGKILL.

WebKitGTK is driven through Debian's WebKitWebDriver (the W3C protocol over HTTP), Firefox through its own Marionette
(the same commands over a socket; geckodriver, which Debian does not have, only translates). Nothing is installed from
outside Debian, and no library is needed for that little.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key under which the W3C protocol names an element
DEBIAN_PYTHON = "/usr/bin/python3"  # has the bindings of WebKitGTK
START_SECONDS = 40
ANSWER_SECONDS = 90
PHONE = (390, 844)
FIREFOX_PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class DriverError(Exception):
    """The browser refused a command, or there is none."""


class Engine(ABC):
    """A browser on a profile folder. `start` and `kill` as often as wanted: the profile stays."""

    name = ""
    needs: tuple[str, ...] = ()  # programs that must be there
    packages = ""

    def __init__(self, folder: Path, display: str) -> None:
        self.folder = folder
        self.display = display
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def lacks(cls) -> list[str]:
        """What would have to be installed first."""
        return [need for need in cls.needs if not shutil.which(need)]

    @abstractmethod
    def start(self) -> None:
        """Opens the browser with one window of a phone's size."""

    @abstractmethod
    def command(self, name: str, **arguments: Any) -> Any:
        """One command of the W3C protocol; DriverError where the browser refuses it."""

    def kill(self) -> None:
        """The end of all its processes at once, as when the battery is empty."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def open(self, url: str) -> None:
        """Goes to a page."""
        self.command("Navigate", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of the body of a function, run in the page."""
        return self.command("ExecuteScript", script=script, args=list(arguments))

    def ask(self, promise: str, *arguments: Any, seconds: float = 30) -> Any:
        """The value of an async function's body; it may await."""
        script = (
            "const [give, args] = [arguments[arguments.length - 1], [...arguments].slice(0, -1)];"
            f"(async (...given) => {{ {promise} }})(...args)"
            ".then((value) => give({ value: value ?? null }), (error) => give({ error: String(error) }))"
        )
        self.command("SetTimeouts", script=int(seconds * 1000))
        answer = self.command("ExecuteAsyncScript", script=script, args=list(arguments))
        if answer.get("error"):
            raise DriverError(answer["error"])
        return answer["value"]

    def until(self, script: str, *arguments: Any, seconds: float = 20) -> Any:
        """Asks again and again, also across page loads, until the script gives something true."""
        end = time.monotonic() + seconds
        while True:
            try:
                value, why = self.run(script, *arguments), ""
            except DriverError as error:  # the page is going away
                value, why = None, str(error)
            if value:
                return value
            if time.monotonic() > end:
                raise DriverError(f"not within {seconds} s: {script} {arguments} {why}")
            time.sleep(0.1)

    def find(self, css: str) -> str:
        """The id of the first element, waited for."""
        self.until("return document.querySelector(arguments[0]) !== null", css)
        return str(self.command("FindElement", using="css selector", value=css)[ELEMENT])

    def click(self, css: str) -> None:
        """A tap in the middle of the element, or on the label that stands for it."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", css)
        self.command("ElementClick", id=self.find(css))

    def type(self, css: str, text: str) -> None:
        """Types into a field; for a file input `text` is the path of a file."""
        self.command("ElementSendKeys", id=self.find(css), text=text)

    def draw(self, css: str, points: list[tuple[int, int]]) -> None:
        """One stroke of a finger or pen over an element; points in px from its middle."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", css)
        origin = {ELEMENT: self.find(css)}
        moves = [{"type": "pointerMove", "origin": origin, "x": x, "y": y, "duration": 20} for x, y in points]
        down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        pen = {"type": "pointer", "id": "pen", "parameters": {"pointerType": "mouse"}}
        self.command("PerformActions", actions=[{**pen, "actions": [moves[0], down, *moves[1:], up]}])
        self.command("ReleaseActions")

    def _spawn(self, command: list[str]) -> None:
        environ = {**os.environ, "DISPLAY": self.display, "HOME": str(self.folder), "NO_AT_BRIDGE": "1"}
        log = (self.folder / "browser.log").open("ab")
        self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)


class WebKit(Engine):
    """WebKitGTK through WebKitWebDriver, in the window of webkit_browser.py."""

    name = "WebKitGTK"
    needs = ("WebKitWebDriver", "Xvfb")
    packages = "webkit2gtk-driver python3-gi gir1.2-webkit2-4.1 xvfb"

    @classmethod
    def lacks(cls) -> list[str]:
        has_bindings = "import gi; gi.require_version('WebKit2', '4.1'); gi.require_version('Gtk', '3.0')"
        tried = subprocess.run([DEBIAN_PYTHON, "-c", has_bindings], capture_output=True, check=False)
        return super().lacks() + (["python3-gi with WebKit2 4.1"] if tried.returncode else [])

    def start(self) -> None:
        self.port, self.session = free_port(), ""
        self._spawn(["WebKitWebDriver", f"--port={self.port}"])
        end = time.monotonic() + START_SECONDS
        program = str(Path(__file__).with_name("webkit_browser.py"))
        options = {"binary": DEBIAN_PYTHON, "args": [program, f"--profile={self.folder}"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        while not self.session:
            try:
                self.session = self._ask("POST", "/session", wanted)["sessionId"]
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    ROUTES = {
        "Navigate": "url",
        "ExecuteScript": "execute/sync",
        "ExecuteAsyncScript": "execute/async",
        "SetTimeouts": "timeouts",
        "FindElement": "element",
        "ElementClick": "element/{id}/click",
        "ElementSendKeys": "element/{id}/value",
        "PerformActions": "actions",
        "Refresh": "refresh",
    }

    def command(self, name: str, **arguments: Any) -> Any:
        if name == "ReleaseActions":
            return self._ask("DELETE", f"/session/{self.session}/actions", None)
        path = f"/session/{self.session}/{self.ROUTES[name].format(**arguments)}"
        return self._ask("POST", path, arguments)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)) as line:
            text = None if body is None else json.dumps(body)
            line.request(method, path, text, {"Content-Type": "application/json"})
            said = json.loads(line.getresponse().read())["value"]
        if isinstance(said, dict) and "error" in said and "message" in said:
            raise DriverError(f"{said['error']}: {said['message']}")
        return said


class Firefox(Engine):
    """Firefox ESR through Marionette, without a window."""

    name = "Firefox"
    needs = ("firefox-esr",)
    packages = "firefox-esr"

    def start(self) -> None:
        profile = self.folder / "profile"
        profile.mkdir(exist_ok=True)
        port = free_port()
        preferences = {**FIREFOX_PREFERENCES, "marionette.port": port}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        (profile / "user.js").write_text("\n".join(lines))
        size = [f"--width={PHONE[0]}", f"--height={PHONE[1]}"]
        program = ["firefox-esr", "--marionette", "--headless", "--no-remote", "--profile", str(profile), *size]
        self._spawn(program)
        self.line, self.number = connected(port), 0
        self.rest = b""
        self._message()  # who it is
        self.command("NewSession")

    def kill(self) -> None:
        super().kill()
        if hasattr(self, "line"):
            self.line.close()

    def command(self, name: str, **arguments: Any) -> Any:
        self.number += 1
        text = json.dumps([0, self.number, f"WebDriver:{name}", arguments]).encode()
        self.line.sendall(b"%d:%b" % (len(text), text))
        _kind, _number, error, said = self._message()
        if error:
            raise DriverError(f"{error['error']}: {error['message']}")
        return said["value"] if isinstance(said, dict) and list(said) == ["value"] else said

    def _message(self) -> Any:
        """The next message: its length in bytes, a colon, JSON."""
        while b":" not in self.rest:
            self._more()
        length, self.rest = self.rest.split(b":", 1)
        while len(self.rest) < int(length):
            self._more()
        text, self.rest = self.rest[: int(length)], self.rest[int(length) :]
        return json.loads(text)

    def _more(self) -> None:
        piece = self.line.recv(65536)
        if not piece:
            raise DriverError("Firefox is gone")
        self.rest += piece


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


def connected(port: int) -> socket.socket:
    """A line to a program that is still starting."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return line
