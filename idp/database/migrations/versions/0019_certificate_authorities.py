"""certificate authorities"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "certificate_authority",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("institution", sa.String(length=10), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("crl_number", sa.BigInteger(), nullable=False),
        sa.Column("crl_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("responder_sealed", sa.Text(), nullable=True),
        sa.Column("responder_certificate", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"], ["institution.code"], name=op.f("fk_certificate_authority_institution_institution")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["certificate_authority.id"], name=op.f("fk_certificate_authority_parent_id_certificate_authority")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_authority")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_certificate_authority_key_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_certificate_authority_name")),
    )
    op.create_index(op.f("ix_certificate_authority_crl_due_at"), "certificate_authority", ["crl_due_at"], unique=False)
    op.create_index(op.f("ix_certificate_authority_institution"), "certificate_authority", ["institution"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("profile", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("institution", sa.String(length=10), nullable=True),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["certificate_authority.id"], name=op.f("fk_certificate_authority_id_certificate_authority")
        ),
        sa.ForeignKeyConstraint(["institution"], ["institution.code"], name=op.f("fk_certificate_institution_institution")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("authority_id", "serial", name=op.f("uq_certificate_authority_id")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_certificate_key_digest")),
    )
    op.create_index(op.f("ix_certificate_fingerprint"), "certificate", ["fingerprint"], unique=False)
    op.create_index(op.f("ix_certificate_institution"), "certificate", ["institution"], unique=False)
    op.create_index(op.f("ix_certificate_person_id"), "certificate", ["person_id"], unique=False)
    op.create_index(op.f("ix_certificate_serial"), "certificate", ["serial"], unique=False)

    op.create_table(
        "revocation_list",
        sa.Column("authority_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["certificate_authority.id"], name=op.f("fk_revocation_list_authority_id_certificate_authority")
        ),
        sa.PrimaryKeyConstraint("authority_id", "shard", name=op.f("pk_revocation_list")),
    )
    op.create_table(
        "ocsp_answer",
        sa.Column("certificate_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("algorithm", sa.String(length=32), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_ocsp_answer_certificate_id_certificate")),
        sa.PrimaryKeyConstraint("certificate_id", "algorithm", name=op.f("pk_ocsp_answer")),
    )
    op.create_index(op.f("ix_ocsp_answer_fresh_until"), "ocsp_answer", ["fresh_until"], unique=False)

    op.create_table(
        "revocation",
        sa.Column("certificate_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invalid_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["certificate_authority.id"], name=op.f("fk_revocation_authority_id_certificate_authority")
        ),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_revocation_certificate_id_certificate")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_revocation")),
    )
    op.create_index(op.f("ix_revocation_authority_id"), "revocation", ["authority_id"], unique=False)
    op.create_table(
        "escrowed_key",
        sa.Column("certificate_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("escrowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_escrowed_key_certificate_id_certificate")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_escrowed_key")),
    )


def downgrade() -> None:
    for table in ("escrowed_key", "revocation", "ocsp_answer", "revocation_list", "certificate", "certificate_authority"):
        op.drop_table(table)
