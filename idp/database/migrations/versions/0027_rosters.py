"""rosters: tokens, users and groups of schools"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "roster_group",
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("institution", sa.String(length=10), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution"], ["institution.code"], name=op.f("fk_roster_group_institution_institution")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_roster_group")),
        sa.UniqueConstraint("id", name=op.f("uq_roster_group_id")),
    )
    op.create_index("ix_roster_group_institution_display_name", "roster_group", ["institution", "display_name"], unique=False)
    op.create_table(
        "roster_token",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_address", sa.String(length=45), nullable=True),
        sa.ForeignKeyConstraint(["institution"], ["institution.code"], name=op.f("fk_roster_token_institution_institution")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_roster_token_token_hash")),
    )
    op.create_index(op.f("ix_roster_token_institution"), "roster_token", ["institution"], unique=False)
    op.create_table(
        "roster_user",
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("institution", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(length=128), nullable=False),
        sa.Column("user_name_key", sa.String(length=384), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("grade", sa.String(length=64), nullable=True),
        sa.Column("class_name", sa.String(length=64), nullable=True),
        sa.Column("given_sealed", sa.Text(), nullable=True),
        sa.Column("contact_index", sa.Text(), nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution"], ["institution.code"], name=op.f("fk_roster_user_institution_institution")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roster_user_person_id_person")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_roster_user")),
        sa.UniqueConstraint("id", name=op.f("uq_roster_user_id")),
        sa.UniqueConstraint("institution", "person_id", name="uq_roster_user_institution_person_id"),
        sa.UniqueConstraint("institution", "user_name_key", name="uq_roster_user_institution_user_name_key"),
    )
    op.create_index("ix_roster_user_institution_external_id", "roster_user", ["institution", "external_id"], unique=False)
    op.create_index(op.f("ix_roster_user_person_id"), "roster_user", ["person_id"], unique=False)
    op.create_table(
        "roster_membership",
        sa.Column("group_row", sa.Integer(), nullable=False),
        sa.Column("user_row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_row"], ["roster_group.row_id"], name=op.f("fk_roster_membership_group_row_roster_group")),
        sa.ForeignKeyConstraint(["user_row"], ["roster_user.row_id"], name=op.f("fk_roster_membership_user_row_roster_user")),
        sa.PrimaryKeyConstraint("group_row", "user_row", name=op.f("pk_roster_membership")),
    )
    op.create_index(op.f("ix_roster_membership_user_row"), "roster_membership", ["user_row"], unique=False)


def downgrade() -> None:
    for table in ("roster_membership", "roster_user", "roster_token", "roster_group"):
        op.drop_table(table)
