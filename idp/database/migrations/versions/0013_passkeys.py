"""passkeys"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "passkey_owner",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_handle", sa.String(length=86), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_owner_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_passkey_owner")),
        sa.UniqueConstraint("user_handle", name=op.f("uq_passkey_owner_user_handle")),
    )
    # SQLite's integers are as large as they have to be, and making its table anew would take the rows that refer to it along.
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("mfa_credential", "sign_count", existing_type=sa.Integer(), type_=sa.BigInteger())


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("mfa_credential", "sign_count", existing_type=sa.BigInteger(), type_=sa.Integer())
    op.drop_table("passkey_owner")
