"""the CAS server"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "cas_request",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("signed_in_before", sa.Boolean(), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cas_request")),
    )
    op.create_index(op.f("ix_cas_request_created_at"), "cas_request", ["created_at"], unique=False)
    op.create_table(
        "cas_login",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=43), nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("ticket_hash", sa.String(length=64), nullable=False),
        sa.Column("ticket_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_cas_login_app_id_app")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cas_login_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cas_login")),
    )
    op.create_index(op.f("ix_cas_login_created_at"), "cas_login", ["created_at"], unique=False)
    op.create_index(op.f("ix_cas_login_sid"), "cas_login", ["sid"], unique=False)
    op.create_table(
        "cas_service",
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_cas_service_app_id_app")),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_cas_service")),
    )
    op.create_table(
        "cas_ticket",
        sa.Column("ticket_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=43), nullable=False),
        sa.Column("new_login", sa.Boolean(), nullable=False),
        sa.Column("proxies", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("methods", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_cas_ticket_app_id_app")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cas_ticket_person_id_person")),
        sa.PrimaryKeyConstraint("ticket_hash", name=op.f("pk_cas_ticket")),
    )
    op.create_index(op.f("ix_cas_ticket_expires_at"), "cas_ticket", ["expires_at"], unique=False)
    op.create_index(op.f("ix_cas_ticket_sid"), "cas_ticket", ["sid"], unique=False)


def downgrade() -> None:
    for table in ("cas_ticket", "cas_service", "cas_login", "cas_request"):
        op.drop_table(table)
