"""the SAML identity provider"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "saml_request",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_request")),
    )
    op.create_index(op.f("ix_saml_request_created_at"), "saml_request", ["created_at"], unique=False)
    op.create_table(
        "saml_seen",
        sa.Column("message_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_hash", name=op.f("pk_saml_seen")),
    )
    op.create_index(op.f("ix_saml_seen_expires_at"), "saml_seen", ["expires_at"], unique=False)
    op.create_table(
        "saml_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["institution.code"], name=op.f("fk_saml_feed_owner_institution")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_feed")),
    )
    op.create_table(
        "saml_login",
        sa.Column("session_index", sa.String(length=64), nullable=False),
        sa.Column("sid", sa.String(length=43), nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name_format", sa.String(length=100), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=False),
        sa.Column("name_index", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_saml_login_app_id_app")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saml_login_person_id_person")),
        sa.PrimaryKeyConstraint("session_index", name=op.f("pk_saml_login")),
    )
    op.create_index(op.f("ix_saml_login_created_at"), "saml_login", ["created_at"], unique=False)
    op.create_index(op.f("ix_saml_login_name_index"), "saml_login", ["name_index"], unique=False)
    op.create_index(op.f("ix_saml_login_sid"), "saml_login", ["sid"], unique=False)
    op.create_table(
        "saml_provider",
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("entity_hash", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("described", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_saml_provider_app_id_app")),
        sa.ForeignKeyConstraint(["feed_id"], ["saml_feed.id"], name=op.f("fk_saml_provider_feed_id_saml_feed")),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_saml_provider")),
        sa.UniqueConstraint("entity_hash", name=op.f("uq_saml_provider_entity_hash")),
    )
    op.create_index(op.f("ix_saml_provider_feed_id"), "saml_provider", ["feed_id"], unique=False)


def downgrade() -> None:
    for table in ("saml_provider", "saml_login", "saml_feed", "saml_seen", "saml_request"):
        op.drop_table(table)
