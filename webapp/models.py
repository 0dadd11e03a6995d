"""Imports the tables of all rooms, so that migrations and tests see every one of them."""

from webapp.assets import models as assets
from webapp.audit import models as audit
from webapp.checklists import models as checklists
from webapp.faults import models as faults
from webapp.files import models as files
from webapp.inspections import models as inspections
from webapp.jointtests import models as jointtests
from webapp.people import models as people
from webapp.seals import models as seals
from webapp.sites import models as sites
from webapp.sync import models as sync

__all__ = [
    "assets",
    "audit",
    "checklists",
    "faults",
    "files",
    "inspections",
    "jointtests",
    "people",
    "seals",
    "sites",
    "sync",
]
