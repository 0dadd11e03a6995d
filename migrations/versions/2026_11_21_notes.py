"""free notes and arrivals at a fault

Revision ID: 2026_11_21_notes
Revises: 2026_11_21_signatures
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_notes"
down_revision = "2026_11_21_signatures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_notes_asset_id_assets")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_notes_site_id_sites")),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_notes_written_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notes_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index("ix_notes_site_id_received_at", ["site_id", "received_at"], unique=False)

    op.create_table(
        "note_photos",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_note_photos_file_id_stored_files")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_note_photos_note_id_notes")),
        sa.PrimaryKeyConstraint("note_id", "file_id", name=op.f("pk_note_photos")),
    )
    op.create_table(
        "note_handlings",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("handled_by", sa.Uuid(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["handled_by"], ["people.id"], name=op.f("fk_note_handlings_handled_by_people")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_note_handlings_note_id_notes")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note_handlings")),
    )
