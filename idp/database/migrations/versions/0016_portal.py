"""the portal, and whom an app is for"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "portal_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution", sa.String(length=10), nullable=True),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution"], ["institution.code"], name=op.f("fk_portal_notice_institution_institution")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_notice")),
    )
    op.create_index(op.f("ix_portal_notice_ends_at"), "portal_notice", ["ends_at"], unique=False)

    op.create_table(
        "portal_entry",
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_portal_entry_app_id_app")),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_portal_entry")),
    )
    op.create_table(
        "portal_favourite",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_portal_favourite_app_id_app")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_portal_favourite_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "app_id", name=op.f("pk_portal_favourite")),
    )
    op.add_column("app", sa.Column("audience", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("app", "audience")

    op.drop_table("portal_favourite")
    op.drop_table("portal_entry")
    op.drop_table("portal_notice")
