"""sign-in policy, grace and risk"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "enrolment_grace",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_grace_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "rule", name=op.f("pk_enrolment_grace")),
    )
    op.create_table(
        "risk_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("signal", sa.String(length=24), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("able", sa.Boolean(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_risk_finding_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_finding")),
    )
    with op.batch_alter_table("risk_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_finding_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_finding_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        batch_op.add_column(sa.Column("raised", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reminder", sa.String(length=8), nullable=False, server_default=""))
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        batch_op.alter_column("reminder", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        batch_op.drop_column("reminder")
        batch_op.drop_column("raised")

    with op.batch_alter_table("risk_finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_risk_finding_person_id"))
        batch_op.drop_index(batch_op.f("ix_risk_finding_at"))

    op.drop_table("risk_finding")
    op.drop_table("enrolment_grace")
    op.drop_table("policy_version")
