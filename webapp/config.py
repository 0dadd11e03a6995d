"""Every environment variable, read here and nowhere else; nonsense stops the start with a plain sentence."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32


class BadSetting(SystemExit):
    """A setting that cannot be used; ends the program with the message instead of a traceback."""


@dataclass(frozen=True)
class Settings:
    """All settings of one process, checked. Names follow the environment variables in the README."""

    database_url: str
    files_url: str
    data_dir: Path
    secret_key: str
    public_url: str
    host: str
    port: int
    workers: int
    demo: bool
    demo_password: str | None
    timezone: str

    @property
    def is_https(self) -> bool:
        """Whether phones reach the app over TLS; decides Secure cookies and HSTS."""
        return self.public_url.startswith("https://")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Reads the settings from `environ`.

    Raises:
        BadSetting: names the variable, its value and what would be accepted.
    """
    demo = _flag(environ, "DEMO")
    data_dir = Path(environ.get("DATA_DIR") or ROOT / "var").resolve()
    port = _number(environ, "PORT", 8000, low=1, high=65535)
    host = environ.get("HOST") or "127.0.0.1"
    public_url = (environ.get("PUBLIC_URL") or f"http://{host}:{port}").rstrip("/")
    if urlsplit(public_url).scheme not in ("http", "https") or not urlsplit(public_url).netloc:
        raise BadSetting(f"PUBLIC_URL={public_url!r}: give a full address such as https://inspect.example.cn")
    files_url = environ.get("FILES_URL") or f"file://{data_dir / 'files'}"
    if urlsplit(files_url).scheme != "file":
        raise BadSetting(f"FILES_URL={files_url!r}: this version keeps files on disk; give file:///a/folder")
    timezone = environ.get("TIMEZONE") or "Asia/Shanghai"
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadSetting(f"TIMEZONE={timezone!r}: give a zone name such as Asia/Shanghai") from None
    return Settings(
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'app.db'}",
        files_url=files_url,
        data_dir=data_dir,
        secret_key=_secret_key(environ, data_dir, demo),
        public_url=public_url,
        host=host,
        port=port,
        workers=_number(environ, "WORKERS", 0, low=0, high=64),
        demo=demo,
        demo_password=environ.get("DEMO_PASSWORD") or None,
        timezone=timezone,
    )


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in ("", "0", "no", "off", "false"):
        return False
    if value in ("1", "yes", "on", "true"):
        return True
    raise BadSetting(f"{name}={value!r}: give 1 or 0")


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdigit() or not low <= int(value) <= high:
        raise BadSetting(f"{name}={value!r}: give a whole number from {low} to {high}")
    return int(value)


def _secret_key(environ: Mapping[str, str], data_dir: Path, demo: bool) -> str:
    """The key that signs cookies: from SECRET_KEY, or in the demo made once and kept in DATA_DIR."""
    given = environ.get("SECRET_KEY", "")
    if given:
        if len(given) < SHORTEST_SECRET:
            raise BadSetting(f"SECRET_KEY is {len(given)} characters long: give at least {SHORTEST_SECRET}")
        return given
    kept = data_dir / "secret_key"
    if kept.exists():
        return kept.read_text().strip()
    if not demo:
        raise BadSetting("SECRET_KEY is missing: give a random text of at least 32 characters (or DEMO=1 to try out)")
    data_dir.mkdir(parents=True, exist_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(secrets.token_urlsafe(48))
    return kept.read_text().strip()
