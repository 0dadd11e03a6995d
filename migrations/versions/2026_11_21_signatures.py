"""signatures brought on somebody else's device

Revision ID: 2026_11_21_signatures
Revises: 2026_11_21_contacts
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_signatures"
down_revision = "2026_11_21_contacts"
branch_labels = None
depends_on = None


WAITING = "brought_by IS NOT NULL AND confirmed_at IS NULL AND objected_at IS NULL"
STANDING = "objected_at IS NULL"


def upgrade() -> None:
    with op.batch_alter_table("signatures") as batch_op:
        batch_op.add_column(sa.Column("covers_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("brought_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("confirmed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("objection", sa.Text(), server_default="", nullable=False))
        batch_op.create_foreign_key(op.f("fk_signatures_brought_by_people"), "people", ["brought_by"], ["id"])
        batch_op.create_foreign_key(op.f("fk_signatures_confirmed_by_people"), "people", ["confirmed_by"], ["id"])
        batch_op.drop_constraint(op.f("uq_signatures_visit_id_capacity"), type_="unique")
    op.create_index(
        "ix_signatures_one_per_capacity",
        "signatures",
        ["visit_id", "capacity"],
        unique=True,
        sqlite_where=sa.text(STANDING),
        postgresql_where=sa.text(STANDING),
    )
    op.create_index(
        "ix_signatures_to_confirm",
        "signatures",
        ["person_id"],
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )
