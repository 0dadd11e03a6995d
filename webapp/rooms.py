"""Which rooms the app has: their doors and their commands."""

from __future__ import annotations

from flask import Flask

from webapp.assets.commands import assets_commands
from webapp.assets.label_commands import labels_command
from webapp.assets.label_views import labels
from webapp.assets.views import assets
from webapp.checklists.commands import checklists_commands
from webapp.checklists.draft_views import drafts
from webapp.checklists.limit_views import limits
from webapp.checklists.views import checklists
from webapp.demo.commands import demo
from webapp.dossiers.views import dossiers
from webapp.faults.views import faults
from webapp.fieldwork.app_views import app_shell
from webapp.fieldwork.import_views import importing
from webapp.fieldwork.outbox_views import outbox
from webapp.fieldwork.views import fieldwork
from webapp.files.views import files
from webapp.home import home
from webapp.inspections.views import inspections
from webapp.jointtests.views import jointtests
from webapp.notes.views import notes
from webapp.people.views import people
from webapp.plans.pack_views import packs
from webapp.plans.views import plans
from webapp.reports.closing_commands import month_commands
from webapp.reports.views import reports
from webapp.sites.commands import people_commands, sites_commands
from webapp.sites.contacts_views import contacts
from webapp.sites.views import sites
from webapp.verify.commands import seals
from webapp.verify.views import verify
from webapp.visits.field_views import visits


def register_rooms(app: Flask) -> None:
    """Opens the doors of all rooms."""
    for room in (
        home,
        people,
        sites,
        contacts,
        assets,
        labels,
        checklists,
        drafts,
        limits,
        files,
        faults,
        notes,
        inspections,
        visits,
        dossiers,
        plans,
        packs,
        jointtests,
        reports,
        verify,
        app_shell,
        importing,
        outbox,
        fieldwork,
    ):
        app.register_blueprint(room)


def register_commands(app: Flask) -> None:
    """Adds the command line of all rooms."""
    for group in (
        people_commands,
        sites_commands,
        assets_commands,
        labels_command,
        checklists_commands,
        month_commands,
        demo,
        seals,
    ):
        app.cli.add_command(group)
