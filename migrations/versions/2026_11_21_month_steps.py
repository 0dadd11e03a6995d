"""steps of the month's summary, and what is told about faults and hazards

Revision ID: 2026_11_21_month_steps
Revises: 2026_11_21_plans
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_month_steps"
down_revision = "2026_11_21_plans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("handling", sa.Text(), nullable=False),
        sa.Column("next_steps", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_notes_finding_id_findings")),
        sa.ForeignKeyConstraint(["told_by"], ["people.id"], name=op.f("fk_finding_notes_told_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_notes")),
    )
    with op.batch_alter_table("finding_notes", schema=None) as batch_op:
        batch_op.create_index("ix_finding_notes_finding_id_month", ["finding_id", "month"], unique=False)

    op.create_table(
        "month_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_month_steps_site_id_sites")),
        sa.ForeignKeyConstraint(["taken_by"], ["people.id"], name=op.f("fk_month_steps_taken_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_steps")),
        sa.UniqueConstraint("site_id", "month", "number", name=op.f("uq_month_steps_site_id_month_number")),
    )
