"""hardware tokens of one-time passwords"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "otp_token",
        sa.Column("serial", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("seed_sealed", sa.Text(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_otp_token_person_id_person")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_otp_token")),
    )
    op.create_index(op.f("ix_otp_token_person_id"), "otp_token", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("otp_token")
