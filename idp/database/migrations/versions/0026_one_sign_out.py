"""one sign-out"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("place", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("topic", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_outbox_topic"), ["topic"], unique=False)
    op.create_table(
        "sign_out_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=43), nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("by_server", sa.Boolean(), nullable=False),
        sa.Column("in_browser", sa.String(length=8), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_sign_out_result_app_id_app")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_out_result")),
        sa.UniqueConstraint("sid", "app_id", name=op.f("uq_sign_out_result_sid")),
    )
    op.create_index(op.f("ix_sign_out_result_created_at"), "sign_out_result", ["created_at"], unique=False)
    op.create_table(
        "sign_out_page",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("sids", sa.Text(), nullable=False),
        sa.Column("here", sa.Boolean(), nullable=False),
        sa.Column("onward", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["app.id"], name=op.f("fk_sign_out_page_asked_by_app")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_out_page")),
    )
    op.create_index(op.f("ix_sign_out_page_browser_hash"), "sign_out_page", ["browser_hash"], unique=False)
    op.create_index(op.f("ix_sign_out_page_created_at"), "sign_out_page", ["created_at"], unique=False)


def downgrade() -> None:
    for table in ("sign_out_page", "sign_out_result"):
        op.drop_table(table)
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_topic"))
        batch_op.drop_column("topic")
        batch_op.drop_column("place")
