"""Xunjian: inspections of emergency command centres. The app is put together here and nowhere else."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import webapp.models  # noqa: F401  (all tables are known before anything asks for them)
from webapp.config import ROOT, Settings
from webapp.extensions import babel, compress, db, htmx, login, migrate
from webapp.kit.body import refuse_broken_bodies
from webapp.kit.headers import set_security_headers
from webapp.kit.language import choose_locale, set_up_language
from webapp.kit.problems import draw_problems
from webapp.kit.same_origin import refuse_cross_site
from webapp.kit.static_files import set_up_static
from webapp.kit.transaction import set_up_sqlite
from webapp.people.rules import LONGEST_SESSION
from webapp.sync.incoming import refuse_old_clients

LARGEST_REQUEST = 32 * 1024 * 1024  # a form without JavaScript brings its photos along


def create_app(settings: Settings) -> Flask:
    """The WSGI app for these settings."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_PARTS=3000,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=LONGEST_SESSION,
        BABEL_TRANSLATION_DIRECTORIES="translations",
        COMPRESS_ALGORITHM=["br", "gzip"],  # a round repeats itself farther apart than the 32 kB gzip looks back
        COMPRESS_BR_LEVEL=5,  # a page is 13 % smaller than with gzip, for 0.2 ms more
        COMPRESS_ALGORITHM_STREAMING=["br", "gzip"],  # static files
        COMPRESS_MIN_SIZE=500,
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1) if settings.is_https else app.wsgi_app  # type: ignore[method-assign]

    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    login.init_app(app)
    babel.init_app(app, locale_selector=choose_locale)
    htmx.init_app(app)
    compress.init_app(app)
    with app.app_context():
        set_up_sqlite(db.engine)

    refuse_broken_bodies(app)
    set_up_language(app)
    set_up_static(app)
    set_security_headers(app)
    refuse_cross_site(app)
    refuse_old_clients(app)
    draw_problems(app)

    from webapp.rooms import register_commands, register_rooms

    register_rooms(app)
    register_commands(app)
    return app
