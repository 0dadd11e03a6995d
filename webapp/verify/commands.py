"""`flask seals verify`: every seal of a site, or of all, against its chain, its record and its files."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.kit.problems import NotFound
from webapp.sites.models import Site
from webapp.sites.queries import all_sites, site_coded
from webapp.verify.check import check_chain, count_of, missing_seals

seals = AppGroup("seals", help="Seals of signed records.")


@seals.command("verify")
@click.argument("site", required=False)
def verify_command(site: str | None) -> None:
    """Checks all seals of SITE (a code such as SG), or of every site.

    Names each record and what of it changed. Exit status 1 when anything is wrong.
    """
    with force_locale("en"):
        try:
            wanted = [site_coded(site)] if site else list(all_sites())
        except NotFound as problem:
            raise click.ClickException(problem.message) from None
        broken = sum([_verify_site(each) for each in wanted])
    if broken:
        click.echo(f"{broken} seals are broken. Keep the database and the files as they are and look into a backup.")
        sys.exit(1)


def _verify_site(site: Site) -> int:
    """Checks one chain and prints what is wrong; how many seals are broken."""
    broken = 0
    count = count_of(site.id)
    with click.progressbar(check_chain(site.id), length=count, label=f"{site.code}", file=sys.stderr) as chain:
        for checked in chain:
            if checked.breaks:
                broken += 1
            for each in checked.breaks:
                click.echo(
                    f"{site.code} No. {checked.seal.number} {checked.seal.kind} {checked.seal.record_id}: {each.text}"
                )
    missing = missing_seals(site.id)
    for each in missing:
        click.echo(f"{site.code} {each.text}")
    if not broken and not missing:
        click.echo(f"{site.code}: {count} seals, all unchanged.")
    return broken + len(missing)
