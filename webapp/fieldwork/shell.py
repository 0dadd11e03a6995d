"""The shell: what a device keeps of the app itself, so that its pages open without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _

from webapp.kit.language import language
from webapp.kit.static_files import present_build, static_address

WORKER = "js/service_worker.js"
STYLES = {"app.css", "symbols.svg"}  # paper.css is for PDF files, which the server draws
UNUSED = {"vendor/qr/dom.js"}  # the library's own camera handling; the scanner brings its own
GROUND = "#e6ebe9"  # --ground and --bar of app.css in the light theme
BAR = "#0f2a2e"
ICONS = {  # name under static/ → size in pixels, purpose
    "img/icon-192.png": (192, "any"),
    "img/icon-512.png": (512, "any"),
    "img/icon-maskable-512.png": (512, "maskable"),
}


def shell_addresses() -> list[str]:
    """Addresses of everything that field pages load, and of the page for what is not on the device."""
    wanted = [name for name in sorted(present_build().files) if _is_of_the_field(name)]
    return [static_address(name) for name in wanted] + [url_for("app_shell.away")]


def _is_of_the_field(name: str) -> bool:
    if name in STYLES:
        return True
    is_script = name.startswith(("js/", "vendor/")) and name.endswith(".js")
    return is_script and name != WORKER and name not in UNUSED


def worker_source() -> str:
    """The service worker: one line with the build and its shell, then static/js/service_worker.js as it stands.

    The browser installs a new worker when a byte of this changed, so it changes with the build and with nothing else.
    """
    facts = f"const BUILD = {json.dumps(present_build().name)}; const SHELL = {json.dumps(shell_addresses())};\n"
    return facts + (Path(current_app.static_folder or "") / WORKER).read_text(encoding="utf-8")


def manifest() -> dict[str, Any]:
    """What a phone needs to put the app on its home screen, named in the language of this browser."""
    icons = [
        {"src": static_address(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, (size, purpose) in ICONS.items()
    ]
    return {
        "id": "/",
        "name": _("Xunjian, inspections of emergency command centres"),
        "short_name": _("Xunjian"),
        "lang": "zh-CN" if language() == "zh" else "en",
        "start_url": url_for("plans.today"),
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": BAR,
        "icons": icons,
    }
