"""response types, claims by name"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Apps that are registered already use the code flow, or none.
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.add_column(sa.Column("response_types", sa.Text(), nullable=False, server_default='["code"]'))
    op.execute("UPDATE oidc_client SET response_types = '[]' WHERE grant_types NOT LIKE '%authorization_code%'")
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.alter_column("response_types", server_default=None)
    with op.batch_alter_table("oidc_grant") as batch_op:
        batch_op.add_column(sa.Column("claims", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("oidc_grant") as batch_op:
        batch_op.drop_column("claims")
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.drop_column("response_types")
