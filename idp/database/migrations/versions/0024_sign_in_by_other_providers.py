"""sign-in by other providers"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "upstream_provider",
        sa.Column("slug", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title_zh", sa.String(length=40), nullable=False),
        sa.Column("title_en", sa.String(length=40), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("institutions", sa.Text(), nullable=False),
        sa.Column("secrets_sealed", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_upstream_provider")),
    )
    op.create_table(
        "upstream_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("subject_index", sa.String(length=64), nullable=False),
        sa.Column("subject_sealed", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upstream_link_person_id_person")),
        sa.ForeignKeyConstraint(["provider"], ["upstream_provider.slug"], name=op.f("fk_upstream_link_provider_upstream_provider")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upstream_link")),
        sa.UniqueConstraint("provider", "subject_index", name=op.f("uq_upstream_link_provider")),
    )
    op.create_index(op.f("ix_upstream_link_person_id"), "upstream_link", ["person_id"], unique=False)
    op.create_table(
        "upstream_request",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("flow_id", sa.String(length=43), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("memory_sealed", sa.Text(), nullable=False),
        sa.Column("answer_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upstream_request_person_id_person")),
        sa.ForeignKeyConstraint(
            ["provider"], ["upstream_provider.slug"], name=op.f("fk_upstream_request_provider_upstream_provider")
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_upstream_request")),
    )
    op.create_index(op.f("ix_upstream_request_expires_at"), "upstream_request", ["expires_at"], unique=False)


def downgrade() -> None:
    for table in ("upstream_request", "upstream_link", "upstream_provider"):
        op.drop_table(table)
