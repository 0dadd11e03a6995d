"""Imports the tables of all rooms, so that migrations and tests see every one of them."""

from webapp.assets import models as assets
from webapp.audit import models as audit
from webapp.calls import models as calls
from webapp.checklists import models as checklists
from webapp.documents import models as documents
from webapp.faults import hazard_models as hazards
from webapp.faults import label_report_models as label_reports
from webapp.faults import models as faults
from webapp.faults import problem_models as problems
from webapp.fieldwork import models as fieldwork
from webapp.files import models as files
from webapp.inspections import models as inspections
from webapp.jointtests import models as jointtests
from webapp.notes import models as notes
from webapp.people import models as people
from webapp.plans import models as plans
from webapp.reminders import models as reminders
from webapp.reports import models as reports
from webapp.seals import models as seals
from webapp.sites import calendar_models as calendar
from webapp.sites import models as sites
from webapp.sync import models as sync

__all__ = [
    "assets",
    "audit",
    "calendar",
    "calls",
    "checklists",
    "documents",
    "faults",
    "fieldwork",
    "files",
    "hazards",
    "inspections",
    "jointtests",
    "label_reports",
    "notes",
    "people",
    "plans",
    "problems",
    "reminders",
    "reports",
    "seals",
    "sites",
    "sync",
]
