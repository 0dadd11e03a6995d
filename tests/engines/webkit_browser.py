"""A WebKitGTK browser that keeps its data in a folder, for WebKitWebDriver. Usage: webkit_browser.py --profile=FOLDER

MiniBrowser, Epiphany and every other browser that WebKitWebDriver can start keep nothing when it drives them: a test
could not kill and restart them. This one is a window and nothing else. It runs in Debian's Python, which has the
bindings (python3-gi, gir1.2-webkit2-4.1), not in the app's environment.
"""

from __future__ import annotations

import sys
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

PHONE = (390, 844)
windows: list[Any] = []  # what nobody holds is thrown away


def main() -> None:
    """Waits for the driver, until it is killed."""
    folder = next(part.removeprefix("--profile=") for part in sys.argv if part.startswith("--profile="))
    manager = WebKit2.WebsiteDataManager(base_data_directory=f"{folder}/data", base_cache_directory=f"{folder}/cache")
    cookies = manager.get_cookie_manager()
    cookies.set_persistent_storage(f"{folder}/cookies.db", WebKit2.CookiePersistentStorage.SQLITE)
    context = WebKit2.WebContext.new_with_website_data_manager(manager)
    context.set_automation_allowed(True)
    context.connect("automation-started", automate)
    Gtk.main()


def automate(context: Any, session: Any) -> None:
    """The driver asks for a window of this browser."""
    info = WebKit2.ApplicationInfo()
    info.set_name("WebKitGTK")
    info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(info)
    session.connect("create-web-view", lambda _session: window_in(context))


def window_in(context: Any) -> Any:
    """A phone's window with an empty page."""
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    window = Gtk.Window()
    window.set_default_size(*PHONE)
    window.add(view)
    window.show_all()
    windows.append(window)
    return view


if __name__ == "__main__":
    main()
