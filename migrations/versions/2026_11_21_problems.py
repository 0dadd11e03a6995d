"""problems behind faults, decisions about repeats

Revision ID: 2026_11_21_problems
Revises: 2026_11_21_label_reports
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_problems"
down_revision = "2026_11_21_label_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "problems",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["opened_by"], ["people.id"], name=op.f("fk_problems_opened_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_problems_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problems")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_problems_site_id_number")),
    )
    op.create_index("ix_problems_site_id_opened_at", "problems", ["site_id", "opened_at"])
    op.create_table(
        "problem_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("problem_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("owner_kind", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_problem_steps_by_people")),
        sa.ForeignKeyConstraint(["problem_id"], ["problems.id"], name=op.f("fk_problem_steps_problem_id_problems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_steps")),
    )
    op.create_index(op.f("ix_problem_steps_problem_id"), "problem_steps", ["problem_id"])
    op.create_table(
        "problem_faults",
        sa.Column("problem_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_problem_faults_finding_id_findings")),
        sa.ForeignKeyConstraint(["linked_by"], ["people.id"], name=op.f("fk_problem_faults_linked_by_people")),
        sa.ForeignKeyConstraint(["problem_id"], ["problems.id"], name=op.f("fk_problem_faults_problem_id_problems")),
        sa.PrimaryKeyConstraint("problem_id", "finding_id", name=op.f("pk_problem_faults")),
    )
    op.create_index(op.f("ix_problem_faults_finding_id"), "problem_faults", ["finding_id"])
    op.create_table(
        "repeat_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("earlier_id", sa.Uuid(), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_repeat_decisions_decided_by_people")),
        sa.ForeignKeyConstraint(["earlier_id"], ["findings.id"], name=op.f("fk_repeat_decisions_earlier_id_findings")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_repeat_decisions_finding_id_findings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repeat_decisions")),
    )
    op.create_index(op.f("ix_repeat_decisions_finding_id"), "repeat_decisions", ["finding_id"])
