"""Papers of a month: the objects are fetched here, once for all papers, and handed to the builders."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from flask import current_app

from webapp.documents.fault_analysis import Analysed, month_analysis
from webapp.documents.fault_material import faults_in
from webapp.documents.hazard_paper import HazardWays, hazard_paper, ways_of
from webapp.documents.joint_test_paper import joint_test_paper
from webapp.documents.maintenance_paper import Upkeep, maintenance_paper
from webapp.documents.models import Format, Kind
from webapp.documents.month_paper import month_paper
from webapp.documents.paper import Paper
from webapp.documents.parts import Frame
from webapp.documents.pictures import small_pictures
from webapp.documents.plan_paper import plan_paper
from webapp.documents.queries import parties_of, visits_in
from webapp.documents.sheets_paper import sheets_paper
from webapp.extensions import db
from webapp.jointtests.pages import RecordPage, record_page
from webapp.jointtests.queries import tests_of
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.plans.planned import PlannedMonth, planned_month
from webapp.reports.closing import shown
from webapp.reports.summary import MonthlySummary
from webapp.sites.models import Site
from webapp.visits.paper import Paper as Sheet
from webapp.visits.paper import paper_for


def write(paper: Paper, kind: Format, target: Path) -> None:
    """Writes a paper in one format.

    Raises:
        PdfUnavailable: the system libraries for PDF are missing.
    """
    if kind is Format.PDF:
        from webapp.documents.pdf import write_pdf

        write_pdf(paper, target)
    elif kind is Format.DOCX:
        from webapp.documents.docx import write_docx  # slow to import: only when Word is wanted

        write_docx(paper, target)
    elif kind is Format.XLSX:
        from webapp.documents.xlsx import write_xlsx

        write_xlsx(paper, target)
    else:
        from webapp.documents.html import write_html

        write_html(paper, target)


class Material:
    """What the papers of one month are built from, as it stands at `now`. Photos go into `folder`."""

    def __init__(
        self,
        site: Site,
        month: Month,
        *,
        by: Person,
        now: datetime,
        folder: Path,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.site, self.month, self.by, self.now, self.folder, self.beat = site, month, by, now, folder, beat

    @cached_property
    def summary(self) -> MonthlySummary:
        """The month; a closed one as it was closed."""
        return shown(self.site, self.month, self.now)

    @cached_property
    def plan(self) -> PlannedMonth:
        """The plan of the month."""
        return planned_month(self.site, self.month, self.now)

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The sheets of the month, sealed ones from their sealed content."""
        return [paper_for(self.by, visit_id) for visit_id in visits_in(self.site.id, self.month)]

    @cached_property
    def joint_tests(self) -> list[RecordPage]:
        """The joint tests that no later one replaces."""
        site_of = lambda site_id: db.session.get_one(Site, site_id)  # noqa: E731
        return [record_page(self.by, test.id, site_of) for test in tests_of(self.site.id, self.month)]

    @cached_property
    def upkeep(self) -> Upkeep:
        """The faults of the maintenance tables, as they stood when the summary was made."""
        return Upkeep({each.facts.id: each for each in faults_in(self.site, self.month, self.summary.as_of)})

    @cached_property
    def hazards(self) -> HazardWays:
        """How far the hazards of the month had come when the summary was made."""
        return ways_of(self.site, self.month, self.summary)

    @cached_property
    def faults(self) -> list[Analysed]:
        """The faults of the month with their records."""
        return faults_in(self.site, self.month, self.now)

    def paper(self, kind: Kind, version: int) -> Paper:
        """The paper of one kind."""
        frame = self.frame(version, list(self._files(kind)))
        if kind is Kind.PLAN:
            return plan_paper(self.plan, frame)
        if kind is Kind.REPORT:
            return month_paper(self.summary, frame)
        if kind is Kind.SHEETS:
            return sheets_paper(self.sheets, frame)
        if kind is Kind.JOINT_TEST:
            return joint_test_paper(self.joint_tests, frame)
        if kind is Kind.HAZARDS:
            return hazard_paper(self.summary, self.hazards, frame)
        if kind is Kind.FAULTS:
            blocks = month_analysis(self.faults, self.summary.fault_figures, frame)
            return frame.paper(kind, blocks, as_of=self.now)
        return maintenance_paper(self.summary, self.upkeep, frame)

    def frame(self, version: int, file_ids: list[uuid.UUID]) -> Frame:
        """What builders need beside their object, with these photos made small."""
        parties, settings = parties_of(self.site.id), current_app.config["SETTINGS"]
        return Frame(
            site_code=self.site.code,
            site_name=self.site.name,
            timezone=self.site.timezone,
            month=self.month,
            client=parties.client or self.site.name,
            provider=parties.provider,
            version=version,
            is_demo=self.site.is_demo,
            public_url=settings.public_url,
            now=self.now,
            pictures=small_pictures(file_ids, self.folder, self.beat),
        )

    def _files(self, kind: Kind) -> Iterator[uuid.UUID]:
        if kind is Kind.REPORT:
            for item in self.summary.abnormal:
                yield from item.photo_ids
        elif kind is Kind.SHEETS:
            for sheet in self.sheets:
                yield from (signature.file_id for signature in sheet.signatures.values())
        elif kind is Kind.JOINT_TEST:
            for record in self.joint_tests:
                yield from record.sha256
