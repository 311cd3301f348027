"""the record of what apps were told; what a consent was given to"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "data_release",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["app.id"], name=op.f("fk_data_release_client_id_app")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_data_release_person_id_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_data_release")),
    )
    with op.batch_alter_table("data_release") as batch_op:
        for name in ("client_id", "last_at", "person_id"):
            batch_op.create_index(batch_op.f(f"ix_data_release_{name}"), [name], unique=False)
    with op.batch_alter_table("consent") as batch_op:
        batch_op.add_column(sa.Column("terms", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("given_as_child", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("consent") as batch_op:
        batch_op.alter_column("given_as_child", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("consent") as batch_op:
        batch_op.drop_column("given_as_child")
        batch_op.drop_column("terms")
    op.drop_table("data_release")
