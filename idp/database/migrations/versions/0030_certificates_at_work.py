"""certificates at work: who certifies the token keys"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "token_authority",
        sa.Column("key_set", sa.String(length=8), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["certificate_authority.id"], name=op.f("fk_token_authority_authority_id_certificate_authority")
        ),
        sa.PrimaryKeyConstraint("key_set", name=op.f("pk_token_authority")),
    )


def downgrade() -> None:
    op.drop_table("token_authority")
