"""keys and signatures of co-signing"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "cosign_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kid", sa.String(length=22), nullable=False),
        sa.Column("challenge_id", sa.String(length=22), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("joint_point", sa.String(length=130), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cosign_signature_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cosign_signature")),
        sa.UniqueConstraint("challenge_id", name=op.f("uq_cosign_signature_challenge_id")),
    )
    with op.batch_alter_table("cosign_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cosign_signature_person_id"), ["person_id"], unique=False)

    op.create_table(
        "cosign_key",
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=32), nullable=False),
        sa.Column("device_point", sa.String(length=130), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("share_sealed", sa.Text(), nullable=False),
        sa.Column("phone_point", sa.String(length=130), nullable=True),
        sa.Column("joint_point", sa.String(length=130), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("next_sealed", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["mfa_credential.id"], name=op.f("fk_cosign_key_credential_id_mfa_credential"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_cosign_key")),
    )


def downgrade() -> None:
    op.drop_table("cosign_key")
    with op.batch_alter_table("cosign_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cosign_signature_person_id"))

    op.drop_table("cosign_signature")
