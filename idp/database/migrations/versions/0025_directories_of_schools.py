"""directories of schools"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "directory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution", sa.String(length=10), nullable=False),
        sa.Column("described", sa.Text(), nullable=False),
        sa.Column("account_password_sealed", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution"], ["institution.code"], name=op.f("fk_directory_institution_institution")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory")),
    )
    op.create_index(op.f("ix_directory_institution"), "directory", ["institution"], unique=False)


def downgrade() -> None:
    op.drop_table("directory")
