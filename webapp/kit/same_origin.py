"""Request forgery kept out without tokens: a page of another site cannot make a browser act here."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_babel import gettext as _

from webapp.kit.problems import Refused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_cross_site(app: Flask) -> None:
    """Refuses changes that a browser says come from elsewhere (Sec-Fetch-Site, else Origin)."""

    @app.before_request
    def _check() -> None:
        if request.method in SAFE_METHODS:
            return
        fetch_site = request.headers.get("Sec-Fetch-Site")
        if fetch_site is not None:
            allowed = fetch_site in ("same-origin", "none")
        else:
            origin = request.headers.get("Origin")
            allowed = origin is None or _is_ours(origin)
        if not allowed:
            raise Refused(_("This request came from another site and was refused."), code="cross_site")


def _is_ours(origin: str) -> bool:
    public = urlsplit(current_app.config["SETTINGS"].public_url)
    theirs = urlsplit(origin)
    return (theirs.scheme, theirs.netloc) == (public.scheme, public.netloc) or theirs.netloc == request.host
