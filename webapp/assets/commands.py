"""`flask assets …`: equipment lists in and out."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from webapp.assets.actions import lock
from webapp.assets.exporting import FORMATS, export_list
from webapp.assets.importing import ImportPlan, bad_sentence, carry_out, plan_import, sites_in
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded, site_named

assets_commands = AppGroup("assets", help="Equipment lists: import and export.")

SITE = click.option("--site", metavar="CODE", help="Which command centre.")


@assets_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SITE
@click.option("--keeper", default="", help="Who keeps assets whose line names nobody.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def import_command(file: Path, site: str | None, keeper: str, dry_run: bool) -> None:
    """Imports the CSV or XLSX list FILE: all of it or nothing.

    The command centre is the one of --site, else the one that the file's column "site" names, else the only one.
    """
    try:
        data = file.read_bytes()
        with transaction():
            centre = site_coded(site) if site else site_named(sites_in(data, file.name))
            lock(centre.id)
            plan = plan_import(centre, data, file.name, keeper=keeper)
            _show(plan)
            if not dry_run and not plan.bad:
                carry_out(plan, by=None, now=utc_now())
    except Problem as problem:
        raise click.ClickException(str(problem)) from problem
    if plan.bad:
        raise click.ClickException(bad_sentence(plan))


@assets_commands.command("export")
@SITE
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--headings", type=click.Choice(["en", "zh"]), default="zh", show_default=True)
def export_command(site: str | None, output: Path, headings: str) -> None:
    """Writes the whole list of a command centre (of --site, else the only one) as .csv or .xlsx."""
    kind = output.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise click.BadParameter(f"{output.name}: end the name with .csv or .xlsx", param_hint="-o")
    try:
        with transaction():
            centre = site_coded(site) if site else site_named(set())
            data = export_list(centre, kind, language=headings, by=None, now=utc_now())
        output.write_bytes(data)
    except Problem as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(str(output))


def _show(plan: ImportPlan) -> None:
    """The plan in lines: every mistake by file, line and column, then the counts."""
    for bad in plan.bad:
        where = _("%(file)s, line %(line)s, column %(column)s", file=plan.filename, line=bad.line, column=bad.column)
        told = _("%(why)s. %(remedy)s", why=bad.why, remedy=bad.remedy)
        click.echo(f"{where} “{bad.value[:60]}”: {told}", err=True)
    for line, name in plan.new_systems:
        click.echo(_("New system: %(name)s", name=f"{line.name} · {name}"))
    if plan.ignored:
        click.echo(_("Columns that are not known and stay out: %(names)s", names=", ".join(plan.ignored)))
    counts = {"new": len(plan.new), "changed": len(plan.changed), "same": plan.unchanged, "bad": len(plan.bad)}
    click.echo(_("%(new)s new, %(changed)s changed, %(same)s unchanged, %(bad)s mistakes", **counts))
