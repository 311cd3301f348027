"""pushed requests"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pushed_request",
        sa.Column("handle_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=8), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("handle_hash", name=op.f("pk_pushed_request")),
    )
    with op.batch_alter_table("pushed_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_pushed_request_expires_at"), ["expires_at"], unique=False)
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.add_column(sa.Column("requires_pushed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.alter_column("requires_pushed", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.drop_column("requires_pushed")
    op.drop_table("pushed_request")
