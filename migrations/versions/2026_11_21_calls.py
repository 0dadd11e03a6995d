"""the call register

Revision ID: 2026_11_21_calls
Revises: 2026_11_21_problem_turns
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_calls"
down_revision = "2026_11_21_problem_turns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("as_source", sa.String(length=50), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("effect", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("caller_name", sa.String(length=60), nullable=False),
        sa.Column("caller_phone", sa.String(length=40), nullable=False),
        sa.Column("masked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_number", sa.String(length=40), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_calls_asset_id_assets")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_calls_site_id_sites")),
        sa.ForeignKeyConstraint(["taken_by"], ["people.id"], name=op.f("fk_calls_taken_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("as_source", name=op.f("uq_calls_as_source")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_calls_site_id_number")),
    )
    op.create_index(op.f("ix_calls_asset_id"), "calls", ["asset_id"])
    op.create_index("ix_calls_site_id_called_at", "calls", ["site_id", "called_at"])
    op.create_index("ix_calls_site_id_closed_at", "calls", ["site_id", "closed_at"])
    op.create_table(
        "call_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_call_steps_by_people")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_steps_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_steps")),
    )
    op.create_index(op.f("ix_call_steps_call_id"), "call_steps", ["call_id"])
