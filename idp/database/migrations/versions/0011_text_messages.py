"""text messages"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "sms_counter",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sms_counter")),
    )
    with op.batch_alter_table("sms_counter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_counter_until"), ["until"], unique=False)

    op.create_table(
        "sms_day",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_sms_day")),
    )
    op.create_table(
        "sms_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("challenge_id", sa.String(length=43), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("phone_masked", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("cost_fen", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_message")),
    )
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_message_challenge_id"), ["challenge_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sms_message_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sms_message_phone_index"), ["phone_index"], unique=False)

    op.create_table(
        "sms_provider",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=120), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sms_provider")),
    )
    op.create_table(
        "sms_segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=65), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.String(length=40), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["sms_message.id"], name=op.f("fk_sms_segment_message_id_sms_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_segment")),
        sa.UniqueConstraint("provider", "provider_id", name=op.f("uq_sms_segment_provider")),
    )
    with op.batch_alter_table("sms_segment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_segment_message_id"), ["message_id"], unique=False)
        batch_op.create_index("ix_sms_segment_seen_at", ["seen_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sms_segment", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_segment_seen_at")
        batch_op.drop_index(batch_op.f("ix_sms_segment_message_id"))

    op.drop_table("sms_segment")
    op.drop_table("sms_provider")
    with op.batch_alter_table("sms_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sms_message_phone_index"))
        batch_op.drop_index(batch_op.f("ix_sms_message_created_at"))
        batch_op.drop_index(batch_op.f("ix_sms_message_challenge_id"))

    op.drop_table("sms_message")
    op.drop_table("sms_day")
    with op.batch_alter_table("sms_counter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sms_counter_until"))

    op.drop_table("sms_counter")
