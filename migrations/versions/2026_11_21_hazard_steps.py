"""the state of hazards, and their monthly lists

Revision ID: 2026_11_21_hazard_steps
Revises: 2026_11_21_fault_flow
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_hazard_steps"
down_revision = "2026_11_21_fault_flow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("findings") as batch_op:
        batch_op.add_column(sa.Column("hazard_state", sa.String(length=10), nullable=True))
        batch_op.create_index(op.f("ix_findings_site_id_hazard_state"), ["site_id", "hazard_state", "reported_at"])
    # what was reported before hazards had a way of their own begins it now; what was closed stays closed
    op.execute(
        """
        UPDATE findings SET hazard_state = CASE WHEN closed_at IS NULL THEN 'found' ELSE 'closed' END
        WHERE kind = 'hazard'
        """
    )

    op.create_table(
        "hazard_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_in_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["handed_in_by"], ["people.id"], name=op.f("fk_hazard_lists_handed_in_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_hazard_lists_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_lists")),
        sa.UniqueConstraint("site_id", "month", name=op.f("uq_hazard_lists_site_id_month")),
    )
    op.create_table(
        "hazard_list_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_hazard_list_entries_added_by_people")),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name=op.f("fk_hazard_list_entries_finding_id_findings")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["hazard_lists.id"], name=op.f("fk_hazard_list_entries_list_id_hazard_lists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_list_entries")),
    )
    op.create_index(op.f("ix_hazard_list_entries_finding_id"), "hazard_list_entries", ["finding_id"])
    op.create_index(op.f("ix_hazard_list_entries_list_id"), "hazard_list_entries", ["list_id"])
