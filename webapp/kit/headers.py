"""Response headers that hold for every answer: strict content policy, no sniffing, what caches may keep."""

from __future__ import annotations

from flask import Flask, Response
from flask_login import current_user

from webapp.kit.static_files import present_build

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


def set_security_headers(app: Flask) -> None:
    """Adds the headers of docs/security.md to every answer."""

    @app.after_request
    def _headers(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", POLICY)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if app.config["SETTINGS"].is_https:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        if answer.mimetype == "text/html":
            answer.vary.add("HX-Request")
            answer.vary.add("Cookie")
            answer.headers.setdefault("Cache-Control", "private, no-cache")
            _say_whose(answer)
        if answer.status_code >= 400:
            answer.headers["Cache-Control"] = "no-store"
        return answer


def _say_whose(answer: Response) -> None:
    """Tells the service worker whose page this is and of which build: what it keeps is kept under these two names."""
    answer.headers["X-Build"] = present_build().name
    if answer.status_code < 500 and current_user.is_authenticated:  # a 5xx may mean that nobody can be looked up
        answer.headers["X-User"] = str(current_user.id)
