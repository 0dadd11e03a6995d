"""Starts a PostgreSQL of its own for the tests on a free loopback port, runs a command, and removes it again.

    python -m tests.postgres pytest …

The command sees TEST_DATABASE_URL. Exit status 77: no PostgreSQL is installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

NOT_INSTALLED = 77
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


def main(command: list[str]) -> int:
    """Runs `command` beside a fresh server; returns its exit status."""
    programs = find_programs()
    if programs is None:
        return NOT_INSTALLED
    folder = Path(tempfile.mkdtemp(prefix="xunjian-postgres-"))
    as_user = unprivileged(folder)
    data, port = folder / "data", free_port()
    try:
        run([*as_user, str(programs / "initdb"), "-D", str(data), "-U", "test", "-A", "trust", "--no-sync"])
        options = f"{FAST} -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
        control = [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        run([*control, "-l", str(folder / "log"), "-o", options, "start"])
        try:
            url = f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
            return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}).returncode
        finally:
            run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path | None:
    """The newest folder with initdb and pg_ctl, as Debian installs them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: the prefix that runs a program as the user postgres."""
    if os.getuid() != 0:
        return []
    os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    return ["runuser", "-u", "postgres", "--"]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: list[str]) -> None:
    """Runs quietly; shows the output only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise SystemExit(f"{command[0]} failed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
