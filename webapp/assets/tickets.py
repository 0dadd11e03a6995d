"""The ticket between preview and import: which bytes were looked at, for which site, and what they were going to do.

It is signed and travels in the page, so that any worker can take it up. The bytes themselves lie in the file store
under their digest.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.assets.importing import ImportPlan
from webapp.files.store import store
from webapp.kit.problems import Conflict
from webapp.people.models import Person
from webapp.sites.models import Site

SALT = "asset-import"
GOOD_FOR_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Ticket:
    """One preview: whose, of what, with what effect (the digest of the plan)."""

    person: str
    site: str
    sha256: str
    filename: str
    keeper: str
    plan: str


def keep(plan: ImportPlan, data: bytes, keeper: str, *, by: Person) -> str:
    """Keeps the bytes that were looked at; returns the ticket that finds them again."""
    ticket = Ticket(str(by.id), str(plan.site.id), store().put(data), plan.filename, keeper, plan.digest)
    return _signer().dumps(asdict(ticket))


def take_up(text: str, *, by: Person, site: Site) -> tuple[Ticket, bytes]:
    """The ticket behind the text, and the bytes that were looked at.

    Raises:
        Conflict: changed, older than a day, of somebody else or another command centre, or the bytes are gone.
    """
    try:
        ticket = Ticket(**_signer().loads(text, max_age=GOOD_FOR_SECONDS))
        if (ticket.person, ticket.site) == (str(by.id), str(site.id)):
            return ticket, store().read(ticket.sha256)
    except (BadSignature, TypeError, FileNotFoundError):
        pass
    raise Conflict(_("This preview is too old or not yours. Nothing was imported. Please choose the file again."))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=SALT)
