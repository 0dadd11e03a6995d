"""documents

Revision ID: 2026_11_21_documents
Revises: 2026_11_21_month_steps
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_documents"
down_revision = "2026_11_21_month_steps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("slot", sa.String(length=50), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.CheckConstraint("done <= total", name=op.f("ck_document_jobs_done")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_document_jobs_asked_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_document_jobs_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_jobs")),
        sa.UniqueConstraint("slot", name=op.f("uq_document_jobs_slot")),
    )
    op.create_index("ix_document_jobs_site_id_month", "document_jobs", ["site_id", "month"])
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=5), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_documents_size")),
        sa.CheckConstraint("version > 0", name=op.f("ck_documents_version")),
        sa.ForeignKeyConstraint(["job_id"], ["document_jobs.id"], name=op.f("fk_documents_job_id_document_jobs")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_documents_made_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_documents_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint(
            "site_id", "month", "kind", "format", "version", name=op.f("uq_documents_site_id_month_kind_format_version")
        ),
    )
    op.create_index(op.f("ix_documents_job_id"), "documents", ["job_id"])
    op.create_index(op.f("ix_documents_sha256"), "documents", ["sha256"])
    op.create_table(
        "party_names",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.String(length=120), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_party_names_set_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_party_names_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_names")),
    )
    op.create_index(op.f("ix_party_names_site_id"), "party_names", ["site_id"])
    op.create_table(
        "paper_sheets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("filled_in_on", sa.Date(), nullable=False),
        sa.Column("kept_at", sa.String(length=120), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["service_lines.id"], name=op.f("fk_paper_sheets_line_id_service_lines")),
        sa.ForeignKeyConstraint(["registered_by"], ["people.id"], name=op.f("fk_paper_sheets_registered_by_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_paper_sheets_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_sheets")),
    )
    op.create_index(op.f("ix_paper_sheets_site_id"), "paper_sheets", ["site_id"])
    op.create_table(
        "paper_sheet_photos",
        sa.Column("sheet_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_paper_sheet_photos_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["paper_sheets.id"], name=op.f("fk_paper_sheet_photos_sheet_id_paper_sheets")
        ),
        sa.PrimaryKeyConstraint("sheet_id", "file_id", name=op.f("pk_paper_sheet_photos")),
    )
    op.create_table(
        "paper_inspections",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("sheet_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_paper_inspections_inspection_id_inspections")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["paper_sheets.id"], name=op.f("fk_paper_inspections_sheet_id_paper_sheets")
        ),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_paper_inspections")),
    )
    op.create_index(op.f("ix_paper_inspections_sheet_id"), "paper_inspections", ["sheet_id"])
