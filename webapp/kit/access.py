"""Guards: each route carries exactly one. The house test walks all routes and fails where one has none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app
from flask_login import current_user

View = TypeVar("View", bound=Callable[..., Any])


def open_to_all(view: View) -> View:
    """Marks a route that anybody may call, signed in or not."""
    view.guard = "open_to_all"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """A route for every signed-in person; the row's own door decides what they see."""
    return guarded(view, "signed_in", lambda: None)


def guarded(view: View, name: str, check: Callable[[], None]) -> View:
    """Wraps a view: sign-in first, then `check`, which raises a Problem. `name` is what tests and docs show."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        check()
        return view(*args, **kwargs)

    wrapper.guard = name  # type: ignore[attr-defined]
    return wrapper  # type: ignore[return-value]
