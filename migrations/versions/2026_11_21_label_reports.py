"""faults told from the page of a label without an account

Revision ID: 2026_11_21_label_reports
Revises: 2026_11_21_hazard_steps
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_label_reports"
down_revision = "2026_11_21_hazard_steps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sites") as batch_op:
        batch_op.add_column(sa.Column("takes_label_reports", sa.Boolean(), server_default=sa.false(), nullable=False))

    op.create_table(
        "label_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("masked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_label_reports_asset_id_assets")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_label_reports_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_reports")),
    )
    op.create_index(op.f("ix_label_reports_site_id_reported_at"), "label_reports", ["site_id", "reported_at"])
    op.create_index(op.f("ix_label_reports_asset_id_reported_at"), "label_reports", ["asset_id", "reported_at"])
    op.create_table(
        "label_report_decisions",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("finding_id is not null or reason <> ''", name=op.f("ck_label_report_decisions_outcome")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["people.id"], name=op.f("fk_label_report_decisions_decided_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name=op.f("fk_label_report_decisions_finding_id_findings")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["label_reports.id"], name=op.f("fk_label_report_decisions_report_id_label_reports")
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_label_report_decisions")),
    )
