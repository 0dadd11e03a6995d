"""reminders: where they are sent to, what was sent, how early they begin

Revision ID: 2026_11_21_reminders
Revises: 2026_11_21_documents
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_reminders"
down_revision = "2026_11_21_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder_days",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("early", sa.Integer(), nullable=False),
        sa.Column("soon", sa.Integer(), nullable=False),
        sa.CheckConstraint("early > soon and soon >= 0", name=op.f("ck_reminder_days_order")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_reminder_days_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_reminder_days")),
    )
    op.create_table(
        "reminder_targets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("robot", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_reminder_targets_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_targets")),
    )
    op.create_index(op.f("ix_reminder_targets_site_id"), "reminder_targets", ["site_id"], unique=False)
    op.create_table(
        "reminder_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_answer", sa.String(length=200), nullable=False),
        sa.Column("ended", sa.String(length=20), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["target_id"], ["reminder_targets.id"], name=op.f("fk_reminder_deliveries_target_id_reminder_targets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_deliveries")),
        sa.UniqueConstraint("target_id", "key", name=op.f("uq_reminder_deliveries_target_id_key")),
    )
    op.create_index(
        "ix_reminder_deliveries_open",
        "reminder_deliveries",
        ["target_id"],
        unique=False,
        sqlite_where=sa.text("ended = ''"),
        postgresql_where=sa.text("ended = ''"),
    )
