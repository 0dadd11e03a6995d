"""What Flask and SQLAlchemy cost by themselves on this machine: the other side of the ratios.

`GET /page` is one query and a template of twenty rows, `POST /record` one insert with its commit on a database set up
like ours. Nobody signs in, nothing is checked.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from flask import Flask, render_template, request
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.kit.transaction import set_up_sqlite

ROWS = 20
PAGE = """<!doctype html><html lang="en"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1><ol>
{% for row in rows %}<li id="i-{{ row.id }}"><p>{{ row.name }}</p><span>{{ row.note }}</span></li>
{% endfor %}</ol></body></html>"""


class Model(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Model)


class Row(db.Model):  # type: ignore[name-defined]
    __tablename__ = "rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str]


class Record(db.Model):  # type: ignore[name-defined]
    __tablename__ = "records"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    content: Mapped[str]


def create_app() -> Flask:
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"rows.html": PAGE})
    folder = Path(os.environ["DATA_DIR"])
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'bare.db'}"
    db.init_app(app)
    with app.app_context():
        set_up_sqlite(db.engine)
        db.create_all()
        if not db.session.get(Row, 1):
            db.session.add_all(Row(name=f"row {number}", note="a note of some words") for number in range(ROWS))
            db.session.commit()
        db.engine.dispose()

    @app.get("/page")
    def page() -> str:
        return render_template("rows.html", title="Rows", rows=db.session.scalars(db.select(Row)).all())

    @app.post("/record/<uuid:record_id>")
    def record(record_id: uuid.UUID) -> tuple[dict[str, str], int]:
        db.session.connection(execution_options={"writes": True})
        db.session.add(Record(id=record_id, content=request.get_data(as_text=True)))
        db.session.commit()
        return {"id": str(record_id)}, 201

    return app
