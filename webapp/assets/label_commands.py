"""`flask labels SITE -o labels.pdf`: label sheets from the command line."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp.assets.label_choice import assets_in, texts_for
from webapp.assets.label_sheets import SHEETS
from webapp.assets.labels import labels_pdf, note_printed
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded


@click.command("labels")
@click.argument("site_code", metavar="SITE")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PDF file.")
@click.option("--format", "key", type=click.Choice(list(SHEETS)), default="a4-3x8", show_default=True)
@click.option("--of", "scope", default="", help='Only "line:<number>"; everything where it is left out.')
@click.option("--start", default=1, show_default=True, help="First free cell of the first sheet.")
@click.option("--per-unit", is_flag=True, help="As many labels as a row has units.")
@with_appcontext
def labels_command(site_code: str, output: Path, key: str, scope: str, start: int, per_unit: bool) -> None:
    """Writes the labels of the command centre with the code SITE as a PDF."""
    paper = SHEETS[key]
    try:
        site = site_coded(site_code)
        assets = assets_in(site.id, scope)
        texts = texts_for(site, assets, per_unit=per_unit)
        output.write_bytes(labels_pdf(texts, paper, start))
    except Problem as problem:
        raise click.ClickException(problem.message) from problem
    with transaction():
        note_printed(assets, paper, site_id=site.id, by=None, now=utc_now())
    click.echo(f"{len(texts)} labels, {paper.name}: {output}")
