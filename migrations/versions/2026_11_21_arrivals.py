"""what arrived: the bytes as sent, refused documents seen to, devices and their unsent work

Revision ID: 2026_11_21_arrivals
Revises: 2026_11_21_first_tables
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_arrivals"
down_revision = "2026_11_21_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("arrivals") as batch_op:
        batch_op.add_column(sa.Column("sent_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("device_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("brought_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_arrivals_brought_by_people"), "people", ["brought_by"], ["id"])
        batch_op.create_index(op.f("ix_arrivals_sent_sha256"), ["sent_sha256"], unique=False)

    # kept before: their digest was not noted, so they are never taken for one another
    with op.batch_alter_table("refusals") as batch_op:
        batch_op.add_column(sa.Column("digest", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("size", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("site_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("first_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("times", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("handled_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("handled_note", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE refusals SET first_at = received_at")
    with op.batch_alter_table("refusals") as batch_op:
        batch_op.alter_column("first_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_foreign_key(op.f("fk_refusals_handled_by_people"), "people", ["handled_by"], ["id"])
        batch_op.create_unique_constraint(
            op.f("uq_refusals_document_id_author_id_digest"), ["document_id", "author_id", "digest"]
        )
        batch_op.create_index(op.f("ix_refusals_site_id"), ["site_id"], unique=False)

    op.create_table(
        "device_reports",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("machine", sa.String(length=20), nullable=False),
        sa.Column("browser", sa.String(length=20), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("attention", sa.Integer(), nullable=False),
        sa.Column("drafts", sa.Integer(), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("is_storage_ok", sa.Boolean(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_off_by", sa.Uuid(), nullable=True),
        sa.Column("written_off_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_device_reports_person_id_people")),
        sa.ForeignKeyConstraint(["written_off_by"], ["people.id"], name=op.f("fk_device_reports_written_off_by_people")),
        sa.PrimaryKeyConstraint("device_id", "person_id", name=op.f("pk_device_reports")),
    )
    op.create_index(op.f("ix_device_reports_person_id"), "device_reports", ["person_id"], unique=False)
