"""authorities on machines without a network, and their files served by another"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0028"


def upgrade() -> None:
    with op.batch_alter_table("certificate_authority", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offline", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("certificate_authority", schema=None) as batch_op:
        batch_op.alter_column("offline", server_default=None)
    op.create_table(
        "hosted_authority",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("hosted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosted_authority")),
    )
    op.create_table(
        "hosted_revocation_list",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["hosted_authority.name"], name=op.f("fk_hosted_revocation_list_name_hosted_authority")),
        sa.PrimaryKeyConstraint("name", "shard", name=op.f("pk_hosted_revocation_list")),
    )


def downgrade() -> None:
    for table in ("hosted_revocation_list", "hosted_authority"):
        op.drop_table(table)
    with op.batch_alter_table("certificate_authority", schema=None) as batch_op:
        batch_op.drop_column("offline")
