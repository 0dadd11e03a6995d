"""faults that were tied to a problem by mistake are untied, as rows

Revision ID: 2026_11_21_problem_turns
Revises: 2026_11_21_problems
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_problem_turns"
down_revision = "2026_11_21_problems"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "problem_turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("problem_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("is_tied", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_problem_turns_by_people")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_problem_turns_finding_id_findings")),
        sa.ForeignKeyConstraint(["problem_id"], ["problems.id"], name=op.f("fk_problem_turns_problem_id_problems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_turns")),
    )
    op.create_index(op.f("ix_problem_turns_finding_id"), "problem_turns", ["finding_id"])
    op.create_index(op.f("ix_problem_turns_problem_id"), "problem_turns", ["problem_id"])
