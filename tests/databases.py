"""A filled database for every test: made once per worker, then copied (SQLite) or cloned (PostgreSQL)."""

from __future__ import annotations

import shutil
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from tests.cast import PASSWORD
from webapp.demo.load import load
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction


def fill(app: Flask) -> None:
    """Migrates an empty database and loads the demo: real lists, real checklists, the cast."""
    with app.app_context():
        upgrade()
        with transaction():
            load(PASSWORD, now=utc_now())
        db.session.remove()
        db.engine.dispose()


class SqliteCopies:
    """One file per worker, copied over from the filled one before each test."""

    def __init__(self, folder: Path) -> None:
        self.filled = folder / "filled.db"
        self.used = folder / "used.db"
        self.filled_url = f"sqlite:///{self.filled}"
        self.url = f"sqlite:///{self.used}"

    def renew(self) -> None:
        """A fresh copy."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.used}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.filled, self.used)

    def copy(self, name: str) -> str:
        """A further copy that stays as long as the test run; its address."""
        path = self.filled.with_name(f"{name}.db")
        shutil.copyfile(self.filled, path)
        return f"sqlite:///{path}"

    def drop(self) -> None:
        """Nothing to do: the folder is the test run's own."""


REMEMBER = """
create schema pristine;
create table pristine.touched (name text not null);
create function pristine.touch() returns trigger language plpgsql as $$
begin
  insert into pristine.touched values (tg_table_name);
  return null;
end $$;
create function pristine.restore() returns void language plpgsql as $$
declare one text;
begin
  set local session_replication_role = replica;  -- no triggers, no foreign keys: all tables will fit again
  for one in select distinct name from pristine.touched loop
    execute format('delete from public.%I', one);
    execute format('insert into public.%I select * from pristine.%I', one, one);
  end loop;
  delete from pristine.touched;
  perform setval(format('public.%I', name)::regclass, value, is_called) from pristine.sequences_;
end $$;
do $$
declare one text;
begin
  for one in select tablename from pg_tables where schemaname = 'public' loop
    execute format('create table pristine.%I as table public.%I', one, one);
    execute format('create trigger touched after insert or update or delete or truncate on public.%I'
                   ' for each statement execute function pristine.touch()', one);
  end loop;
end $$;
create table pristine.sequences_ as
  select sequencename as name, coalesce(last_value, 1) as value, last_value is not null as is_called
  from pg_sequences where schemaname = 'public';
"""


class PostgresClones:
    """One database per worker, cloned from the filled one once. Before each test what was touched is put back.

    A clone takes 140 ms and restoring a few, and there are thousands of tests. Statement triggers note which tables
    were written to.
    """

    def __init__(self, server_url: str, worker: str) -> None:
        self.server = create_engine(make_url(server_url), isolation_level="AUTOCOMMIT")
        self.names = (f"filled_{worker}", f"used_{worker}")
        self.filled_url, self.url = (
            make_url(server_url).set(database=name).render_as_string(hide_password=False) for name in self.names
        )
        self.used: Engine | None = None
        self._run(f"drop database if exists {self.names[0]} with (force)", f"create database {self.names[0]}")

    def renew(self) -> None:
        """The content of the filled database, nobody connected."""
        filled, used = self.names
        if self.used is None:
            self._run(f"drop database if exists {used} with (force)", f"create database {used} template {filled}")
            self.used = create_engine(self.url, isolation_level="AUTOCOMMIT")
            with self.used.connect() as connection:
                connection.execute(text(REMEMBER))
        with self.used.connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
            connection.execute(text("select pristine.restore()"))

    def copy(self, name: str) -> str:
        """A further clone that stays as long as the test run; its address."""
        clone = f"{name}_{self.names[1]}"
        self._run(f"drop database if exists {clone} with (force)", f"create database {clone} template {self.names[0]}")
        return make_url(self.url).set(database=clone).render_as_string(hide_password=False)

    def drop(self) -> None:
        """Removes both databases of this worker."""
        if self.used is not None:
            self.used.dispose()
        self._run(*(f"drop database if exists {name} with (force)" for name in self.names))
        self.server.dispose()

    def _run(self, *statements: str) -> None:
        with self.server.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
