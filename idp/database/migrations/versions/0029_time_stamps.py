"""time-stamps, reminders of certificates"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"


def upgrade() -> None:
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_certificate_not_after"), ["not_after"], unique=False)
    op.create_table(
        "timestamp_authority",
        sa.Column("authority_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.String(length=160), nullable=False),
        sa.Column("accuracy_ms", sa.Integer(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["certificate_authority.id"], name=op.f("fk_timestamp_authority_authority_id_certificate_authority")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_timestamp_authority_certificate_id_certificate")
        ),
        sa.PrimaryKeyConstraint("authority_id", name=op.f("pk_timestamp_authority")),
    )
    op.create_table(
        "timestamp",
        sa.Column("authority_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["certificate_authority.id"], name=op.f("fk_timestamp_authority_id_certificate_authority")
        ),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_timestamp_certificate_id_certificate")),
        sa.PrimaryKeyConstraint("authority_id", "serial", name=op.f("pk_timestamp")),
    )


def downgrade() -> None:
    for table in ("timestamp", "timestamp_authority"):
        op.drop_table(table)
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_not_after"))
        batch_op.drop_column("reminded")
