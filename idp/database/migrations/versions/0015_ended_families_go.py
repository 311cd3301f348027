"""ended families go"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(op.f("ix_decoupled_request_grant_id"), "decoupled_request", ["grant_id"], unique=False)
    op.create_index(op.f("ix_oidc_grant_revoked_at"), "oidc_grant", ["revoked_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_oidc_grant_revoked_at"), table_name="oidc_grant")
    op.drop_index(op.f("ix_decoupled_request_grant_id"), table_name="decoupled_request")
