"""second factors of every kind: challenges, counters, what a credential remembers"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "rate_bucket",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_bucket")),
    )
    op.create_index(op.f("ix_rate_bucket_over_at"), "rate_bucket", ["over_at"], unique=False)
    # Other tables point at this one, so that SQLite cannot make it anew: added in place.
    op.add_column("mfa_credential", sa.Column("handle", sa.String(length=255), nullable=True))
    op.add_column("mfa_credential", sa.Column("public", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("mfa_credential", sa.Column("sign_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("mfa_credential", sa.Column("lock_reason", sa.String(length=32), nullable=True))
    op.add_column("mfa_credential", sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_mfa_credential_handle"), "mfa_credential", ["handle"], unique=True)
    op.create_table(
        "mfa_challenge",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("binding_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["mfa_credential.id"],
            name=op.f("fk_mfa_challenge_credential_id_mfa_credential"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mfa_challenge_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_challenge")),
    )
    for column in ("binding_hash", "credential_id", "expires_at", "person_id"):
        op.create_index(op.f(f"ix_mfa_challenge_{column}"), "mfa_challenge", [column], unique=False)


def downgrade() -> None:
    op.drop_table("mfa_challenge")
    # What was locked or taken away would come back to life as a column less knows it.
    credential = sa.table("mfa_credential", sa.column("state", sa.String()))
    op.execute(sa.delete(credential).where(credential.c.state.in_(("locked", "revoked"))))
    op.drop_index(op.f("ix_mfa_credential_handle"), "mfa_credential")
    for name in ("revoked_at", "lock_reason", "sign_count", "public", "handle"):
        op.drop_column("mfa_credential", name)
    op.drop_table("rate_bucket")
