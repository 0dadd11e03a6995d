"""Which rooms the app has: their doors and their commands."""

from __future__ import annotations

from flask import Flask

from webapp.assets.label_views import labels
from webapp.assets.views import assets
from webapp.checklists.views import checklists
from webapp.demo.commands import demo
from webapp.faults.views import faults
from webapp.files.views import files
from webapp.home import home
from webapp.inspections.views import inspections
from webapp.jointtests.views import jointtests
from webapp.people.views import people
from webapp.plans.views import plans
from webapp.reports.views import reports
from webapp.sites.views import sites
from webapp.verify.views import verify


def register_rooms(app: Flask) -> None:
    """Opens the doors of all rooms."""
    for room in (
        home,
        people,
        sites,
        assets,
        labels,
        checklists,
        files,
        faults,
        inspections,
        plans,
        jointtests,
        reports,
        verify,
    ):
        app.register_blueprint(room)


def register_commands(app: Flask) -> None:
    """Adds the command line of all rooms."""
    for group in (demo,):
        app.cli.add_command(group)
