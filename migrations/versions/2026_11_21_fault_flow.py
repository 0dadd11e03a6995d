"""fault policies, callers, deadlines and escalations; what lists of faults are sorted by

Revision ID: 2026_11_21_fault_flow
Revises: 2026_11_21_reminders
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_fault_flow"
down_revision = "2026_11_21_reminders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sites") as batch_op:
        batch_op.add_column(sa.Column("fault_terms", sa.JSON(), server_default="{}", nullable=False))

    op.create_table(
        "fault_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_fault_policies_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_policies")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_fault_policies_site_id_number")),
    )

    with op.batch_alter_table("findings") as batch_op:
        batch_op.add_column(sa.Column("policy_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_findings_policy_id_fault_policies"), "fault_policies", ["policy_id"], ["id"]
        )
        batch_op.create_index(op.f("ix_findings_site_id_closed_at"), ["site_id", "closed_at", "next_due_at"])
        batch_op.create_index(op.f("ix_findings_site_id_kind"), ["site_id", "kind", "closed_at"])
    # closed, and not opened again since: the time of the last turn, where that is a closing
    op.execute(
        """
        UPDATE findings SET closed_at = (
            SELECT turn.at FROM finding_events AS turn
            WHERE turn.id = (
                SELECT max(last.id) FROM finding_events AS last
                WHERE last.finding_id = findings.id AND last.kind IN ('closed', 'reopened')
            ) AND turn.kind = 'closed'
        )
        """
    )

    op.create_table(
        "fault_callers",
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("form_number", sa.String(length=40), nullable=False),
        sa.Column("masked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_fault_callers_finding_id_findings")),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_fault_callers")),
    )
    op.create_table(
        "fault_deadlines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.String(length=20), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_fault_deadlines_finding_id_findings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_deadlines")),
        sa.UniqueConstraint(
            "finding_id",
            "clock",
            "threshold",
            "due_at",
            name=op.f("uq_fault_deadlines_finding_id_clock_threshold_due_at"),
        ),
    )
    op.create_index(op.f("ix_fault_deadlines_claimed_at_due_at"), "fault_deadlines", ["claimed_at", "due_at"])
    op.create_table(
        "fault_escalations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deadline_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.String(length=20), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["fault_deadlines.id"], name=op.f("fk_fault_escalations_deadline_id_fault_deadlines")
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_fault_escalations_finding_id_findings")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_fault_escalations_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_escalations")),
        sa.UniqueConstraint("deadline_id", name=op.f("uq_fault_escalations_deadline_id")),
    )
    op.create_index(op.f("ix_fault_escalations_finding_id"), "fault_escalations", ["finding_id"])
    op.create_index(op.f("ix_fault_escalations_site_id_raised_at"), "fault_escalations", ["site_id", "raised_at"])
