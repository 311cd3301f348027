"""keys in devices"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "device_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=48), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_device_key")),
    )


def downgrade() -> None:
    op.drop_table("device_key")
