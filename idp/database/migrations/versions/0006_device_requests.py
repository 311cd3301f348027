"""device requests"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "device_request",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_code", sa.String(length=8), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_id", sa.String(length=43), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_device_request")),
        sa.UniqueConstraint("user_code", name=op.f("uq_device_request_user_code")),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oidc_grant.id"], name=op.f("fk_device_request_grant_id_oidc_grant"), ondelete="CASCADE"
        ),
    )
    with op.batch_alter_table("device_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_device_request_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("device_request")
