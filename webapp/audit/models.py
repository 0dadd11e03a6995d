"""Who did what, when. Rows are only ever added; there is no update or delete path."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class Verb(enum.StrEnum):
    """Every deed that is written to the log, as noun.past-participle."""

    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    PERSON_SIGNED_OUT_EVERYWHERE = "person.signed_out_everywhere"
    PASSWORD_CHANGED = "person.password_changed"
    ROLE_GIVEN = "role.given"
    ROLE_TAKEN = "role.taken"
    SITE_ADDED = "site.added"
    SITE_CHANGED = "site.changed"
    SERVICE_LINE_ADDED = "service_line.added"
    SERVICE_LINE_CHANGED = "service_line.changed"
    CONTACT_ADDED = "contact.added"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_REMOVED = "contact.removed"
    ASSETS_IMPORTED = "assets.imported"
    ASSETS_EXPORTED = "assets.exported"
    ASSET_ADDED = "asset.added"
    ASSET_CHANGED = "asset.changed"
    LABEL_REPLACED = "label.replaced"
    LABELS_PRINTED = "labels.printed"
    LABEL_UNKNOWN = "label.unknown"
    CHECKLISTS_IMPORTED = "checklists.imported"
    CHECKLIST_DRAFTED = "checklist.drafted"
    CHECKLIST_DRAFT_CHANGED = "checklist.draft_changed"
    CHECKLIST_DISCARDED = "checklist.discarded"
    CHECKLIST_PUBLISHED = "checklist.published"
    CHECKLISTS_EXPORTED = "checklists.exported"
    LIMIT_CHANGED = "limit.changed"
    FILE_RECEIVED = "file.received"
    ORIGINAL_FETCHED = "file.original_fetched"
    DOCUMENT_REFUSED = "document.refused"
    INSPECTION_RECEIVED = "inspection.received"
    INSPECTION_RETURNED = "inspection.returned"
    OMISSION_EXPLAINED = "omission.explained"
    VISIT_SIGNED = "visit.signed"
    VISIT_DIVIDED = "visit.divided"
    SIGNATURE_CONFIRMED = "signature.confirmed"
    SIGNATURE_OBJECTED = "signature.objected"
    RECORD_SEALED = "record.sealed"
    FAULT_RAISED = "fault.raised"
    FAULT_CLOSED = "fault.closed"
    FAULT_REOPENED = "fault.reopened"
    FAULT_STEP_TAKEN = "fault.step_taken"
    FAULT_ESCALATED = "fault.escalated"
    FAULT_RECOUNTED = "fault.recounted"
    FAULT_TERMS_CHANGED = "fault_terms.changed"
    FAULT_CALLERS_MASKED = "fault_callers.masked"
    REPEAT_DECIDED = "repeat.decided"
    PROBLEM_OPENED = "problem.opened"
    PROBLEM_STEP_TAKEN = "problem.step_taken"
    PROBLEM_FAULT_LINKED = "problem.fault_linked"
    PROBLEM_FAULT_UNTIED = "problem.fault_untied"
    HAZARD_RAISED = "hazard.raised"
    HAZARD_CLOSED = "hazard.closed"
    HAZARD_REOPENED = "hazard.reopened"
    HAZARDS_LISTED = "hazards.listed"
    HAZARD_DECIDED = "hazard.decided"
    HAZARD_STEP_TAKEN = "hazard.step_taken"
    CALL_TAKEN = "call.taken"
    CALL_STEP_TAKEN = "call.step_taken"
    CALL_CALLERS_MASKED = "call_callers.masked"
    LABEL_REPORT_RECEIVED = "label_report.received"
    LABEL_REPORT_CONFIRMED = "label_report.confirmed"
    LABEL_REPORT_REJECTED = "label_report.rejected"
    LABEL_REPORTS_MASKED = "label_reports.masked"
    ARRIVAL_RECORDED = "arrival.recorded"
    NOTE_RECEIVED = "note.received"
    NOTE_HANDLED = "note.handled"
    JOINT_TEST_FORM_IMPORTED = "joint_test_form.imported"
    JOINT_TEST_RECEIVED = "joint_test.received"
    JOINT_TEST_SIGNED = "joint_test.signed"
    REPORT_EXPORTED = "report.exported"
    DOCUMENTS_ASKED = "documents.asked"
    DOCUMENT_MADE = "document.made"
    PARTIES_NAMED = "parties.named"
    PAPER_SHEET_REGISTERED = "paper_sheet.registered"
    FINDING_TOLD = "finding.told"
    MONTH_HANDED_IN = "month.handed_in"
    MONTH_RETURNED = "month.returned"
    MONTH_ACCEPTED = "month.accepted"
    MONTH_CLOSED = "month.closed"
    PLAN_DRAFTED = "plan.drafted"
    PLAN_CHANGED = "plan.changed"
    PLAN_SUBMITTED = "plan.submitted"
    PLAN_RETURNED = "plan.returned"
    PLAN_APPROVED = "plan.approved"
    PLAN_LINES_ADDED = "plan.lines_added"
    PLAN_LINES_MOVED = "plan.lines_moved"
    PLAN_CANCELLATION_ASKED = "plan.cancellation_asked"
    PLAN_CANCELLATION_DECIDED = "plan.cancellation_decided"
    PRESENTATION_ENTERED = "presentation.entered"
    PRESENTATION_CALLED_OFF = "presentation.called_off"
    CALENDAR_DAY_CHANGED = "calendar_day.changed"
    CALENDAR_DAY_REMOVED = "calendar_day.removed"
    REMINDER_TARGET_ADDED = "reminder_target.added"
    REMINDER_TARGET_CHANGED = "reminder_target.changed"
    REMINDER_TARGET_REMOVED = "reminder_target.removed"
    REMINDER_DAYS_CHANGED = "reminder_days.changed"
    OUTBOX_IMPORTED = "outbox.imported"
    REFUSAL_HANDLED = "refusal.handled"
    DEVICE_WRITTEN_OFF = "device.written_off"


class AuditEntry(Model):
    """One deed on one record."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    verb: Mapped[str] = mapped_column(String(60), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    site_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
