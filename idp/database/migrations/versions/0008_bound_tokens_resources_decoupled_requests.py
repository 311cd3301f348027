"""tokens bound to keys and certificates, for resources; requests that are answered elsewhere"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TOKENS = ("access_token", "refresh_token")


def _table(name: str) -> sa.TableClause:
    return sa.table(name, sa.column("cnf", sa.Text()), sa.column("jkt", sa.String()))


def upgrade() -> None:
    op.create_table(
        "decoupled_request",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("handle", sa.String(length=43), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("binding_message", sa.Text(), nullable=True),
        sa.Column("notification_sealed", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_id", sa.String(length=43), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oidc_grant.id"], name=op.f("fk_decoupled_request_grant_id_oidc_grant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_decoupled_request_person_id_person")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_decoupled_request")),
        sa.UniqueConstraint("handle", name=op.f("uq_decoupled_request_handle")),
    )
    with op.batch_alter_table("decoupled_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_decoupled_request_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decoupled_request_person_id"), ["person_id"], unique=False)
    # What waits on a screen waits for ten minutes at most: it begins again.
    op.drop_table("device_request")
    # Other tables point at this one, so that SQLite cannot make it anew: added in place.
    op.add_column("oidc_grant", sa.Column("resources", sa.Text(), nullable=True))
    op.add_column("oidc_grant", sa.Column("authorization_details", sa.Text(), nullable=True))
    with op.batch_alter_table("consent") as batch_op:
        batch_op.add_column(sa.Column("sub", sa.String(length=43), nullable=True))
        batch_op.create_index(batch_op.f("ix_consent_sub"), ["sub"], unique=False)
    for table in TOKENS:
        op.add_column(table, sa.Column("cnf", sa.Text(), nullable=True))
        rows = _table(table)
        op.execute(sa.update(rows).where(rows.c.jkt.is_not(None)).values(cnf='{"jkt":"' + rows.c.jkt + '"}'))
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("jkt")
    for name in ("audience", "details", "act"):
        op.add_column("access_token", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("access_token") as batch_op:
        for name in ("audience", "details", "act"):
            batch_op.drop_column(name)
    for table in TOKENS:
        op.add_column(table, sa.Column("jkt", sa.String(length=43), nullable=True))
        rows = _table(table)
        op.execute(sa.update(rows).where(rows.c.cnf.startswith('{"jkt"')).values(jkt=sa.func.substr(rows.c.cnf, 9, 43)))
        # A token that was bound to a certificate must not come back as one that anybody can use.
        op.execute(sa.delete(rows).where(rows.c.cnf.is_not(None), rows.c.jkt.is_(None)))
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("cnf")
    with op.batch_alter_table("consent") as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_sub"))
        batch_op.drop_column("sub")
    op.drop_column("oidc_grant", "authorization_details")
    op.drop_column("oidc_grant", "resources")
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
    op.drop_table("decoupled_request")
