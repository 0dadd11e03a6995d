"""`flask checklists …`: the checklists of all command centres, in and out of a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.checklists.actions import import_checklists
from webapp.checklists.exchange import file_of, parse
from webapp.checklists.queries import current_versions
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

checklists_commands = AppGroup("checklists", help="Checklists of all command centres.")


@checklists_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """Brings in FILE (YAML) for all command centres. Where items differ, a new version counts from now on."""
    try:
        with transaction():
            result = import_checklists(parse(file.read_bytes(), file.name), now=utc_now())
    except Problem as problem:
        lines = [f"{where}: {'; '.join(why)}" for where, why in problem.fields.items()]
        raise click.ClickException("\n  ".join([problem.message, *lines])) from problem
    click.echo(f"{len(result.added)} new, {len(result.renewed)} changed, {len(result.unchanged)} unchanged")
    for key in (*result.added, *result.renewed):
        click.echo(f"  {key}")


@checklists_commands.command("export")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; else standard output.")
@click.option("--site", "site_code", help="Code of a command centre: with its own versions.")
def export_command(output: Path | None, site_code: str | None) -> None:
    """Writes the checklists as YAML; importing the file again changes nothing."""
    try:
        data = file_of(current_versions(site_coded(site_code).id if site_code else None))
    except Problem as problem:
        raise click.ClickException(problem.message) from problem
    if output:
        output.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)
