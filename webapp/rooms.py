"""Which rooms the app has: their doors and their commands."""

from __future__ import annotations

from flask import Flask

from webapp.assets.commands import assets_commands
from webapp.assets.label_commands import labels_command
from webapp.assets.label_views import labels
from webapp.assets.views import assets
from webapp.board.views import board
from webapp.calls.commands import calls_commands
from webapp.calls.views import calls
from webapp.checklists.commands import checklists_commands
from webapp.checklists.draft_views import drafts
from webapp.checklists.limit_views import limits
from webapp.checklists.views import checklists
from webapp.demo.commands import demo
from webapp.documents.fault_views import faultpapers
from webapp.documents.sheet_views import papersheets
from webapp.documents.views import documents
from webapp.dossiers.views import dossiers
from webapp.faults.commands import faults_commands
from webapp.faults.hazard_views import hazard_doors
from webapp.faults.label_report_views import label_report_doors
from webapp.faults.policy_views import faults
from webapp.faults.problem_views import faultbook
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
from webapp.plans.calendar_views import plan_calendar
from webapp.plans.commands import plans_commands
from webapp.plans.month_views import planning
from webapp.plans.pack_views import packs
from webapp.plans.review_views import plan_review
from webapp.plans.views import plans
from webapp.reminders.commands import reminders_commands
from webapp.reminders.views import reminders
from webapp.reports.closing_commands import month_commands
from webapp.reports.fault_figures_views import faultfigures
from webapp.reports.review_views import reviews
from webapp.reports.rollup_views import overview
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
        faultbook,
        hazard_doors,
        label_report_doors,
        calls,
        notes,
        inspections,
        visits,
        dossiers,
        plans,
        packs,
        planning,
        plan_review,
        plan_calendar,
        jointtests,
        reports,
        faultfigures,
        documents,
        faultpapers,
        board,
        papersheets,
        overview,
        reminders,
        reviews,
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
        faults_commands,
        calls_commands,
        plans_commands,
        reminders_commands,
        demo,
        seals,
    ):
        app.cli.add_command(group)
