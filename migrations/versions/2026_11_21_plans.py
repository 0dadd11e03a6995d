"""plans of months, presentations, days that differ from the calendar

Revision ID: 2026_11_21_plans
Revises: 2026_11_21_closed_months
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_plans"
down_revision = "2026_11_21_closed_months"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_plans_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("site_id", "month", name=op.f("uq_plans_site_id_month")),
    )
    op.create_table(
        "plan_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_plan_versions_made_by_people")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_versions_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_versions")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_versions_plan_id_number")),
    )
    op.create_table(
        "presentations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_off_by", sa.Uuid(), nullable=True),
        sa.Column("called_off_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["called_off_by"], ["people.id"], name=op.f("fk_presentations_called_off_by_people")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_presentations_entered_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_presentations_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentations")),
    )
    op.create_index(op.f("ix_presentations_site_id_starts_at"), "presentations", ["site_id", "starts_at"])
    op.create_table(
        "plan_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("presentation_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("technician_id", sa.Uuid(), nullable=True),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column("is_left_out", sa.Boolean(), nullable=False),
        sa.Column("is_addendum", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_plan_lines_asset_id_assets")),
        sa.ForeignKeyConstraint(
            ["presentation_id"], ["presentations.id"], name=op.f("fk_plan_lines_presentation_id_presentations")
        ),
        sa.ForeignKeyConstraint(["supervisor_id"], ["people.id"], name=op.f("fk_plan_lines_supervisor_id_people")),
        sa.ForeignKeyConstraint(["technician_id"], ["people.id"], name=op.f("fk_plan_lines_technician_id_people")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["plan_versions.id"], name=op.f("fk_plan_lines_version_id_plan_versions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_lines")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_plan_lines_version_id_key")),
    )
    op.create_index(op.f("ix_plan_lines_asset_id"), "plan_lines", ["asset_id"])
    op.create_table(
        "plan_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('submitted', 'returned', 'approved')", name=op.f("ck_plan_steps_kind")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_steps_plan_id_plans")),
        sa.ForeignKeyConstraint(["taken_by"], ["people.id"], name=op.f("fk_plan_steps_taken_by_people")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["plan_versions.id"], name=op.f("fk_plan_steps_version_id_plan_versions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_steps")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_steps_plan_id_number")),
    )
    op.create_index(op.f("ix_plan_steps_version_id"), "plan_steps", ["version_id"])
    op.create_table(
        "plan_addenda",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("technician_id", sa.Uuid(), nullable=True),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('added', 'moved', 'cancelled')", name=op.f("ck_plan_addenda_kind")),
        sa.ForeignKeyConstraint(["line_id"], ["plan_lines.id"], name=op.f("fk_plan_addenda_line_id_plan_lines")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_plan_addenda_made_by_people")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_addenda_plan_id_plans")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["people.id"], name=op.f("fk_plan_addenda_supervisor_id_people")),
        sa.ForeignKeyConstraint(["technician_id"], ["people.id"], name=op.f("fk_plan_addenda_technician_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_addenda")),
    )
    op.create_index(op.f("ix_plan_addenda_line_id"), "plan_addenda", ["line_id"])
    op.create_index(op.f("ix_plan_addenda_plan_id"), "plan_addenda", ["plan_id"])
    op.create_table(
        "plan_decisions",
        sa.Column("addendum_id", sa.Uuid(), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["addendum_id"], ["plan_addenda.id"], name=op.f("fk_plan_decisions_addendum_id_plan_addenda")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_plan_decisions_decided_by_people")),
        sa.PrimaryKeyConstraint("addendum_id", name=op.f("pk_plan_decisions")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["people.id"], name=op.f("fk_calendar_days_changed_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_calendar_days_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
        sa.UniqueConstraint("site_id", "day", name=op.f("uq_calendar_days_site_id_day")),
    )
