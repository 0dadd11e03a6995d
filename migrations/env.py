"""Alembic runs inside the Flask app, so that migrations and app use the same settings."""

from alembic import context
from flask import current_app

from webapp.kit.columns import DecimalText, UtcDateTime

database = current_app.extensions["migrate"].db


def plain_types(kind: str, thing: object, _context: object) -> str | bool:
    """Writes our column types as the plain ones behind them, so that migrations never import the app."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, DecimalText):
        return "sa.String(length=40)"
    return False


def run() -> None:
    """Applies migrations with one connection; SQLite rebuilds tables where it cannot alter them."""
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            render_item=plain_types,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
