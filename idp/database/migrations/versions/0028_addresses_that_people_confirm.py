"""addresses that people confirm"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0029"


def upgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.drop_column("email_confirmed_at")
