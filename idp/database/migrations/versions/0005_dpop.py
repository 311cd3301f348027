"""dpop"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BOUND = (("access_token", "jkt"), ("refresh_token", "jkt"), ("authorization_code", "dpop_jkt"))


def upgrade() -> None:
    op.create_table(
        "dpop_proof",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dpop_proof")),
    )
    with op.batch_alter_table("dpop_proof") as batch_op:
        batch_op.create_index(batch_op.f("ix_dpop_proof_expires_at"), ["expires_at"], unique=False)
    for table, column in BOUND:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column(column, sa.String(length=43), nullable=True))
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.add_column(sa.Column("requires_dpop", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.alter_column("requires_dpop", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.drop_column("requires_dpop")
    for table, column in BOUND:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
    op.drop_table("dpop_proof")
