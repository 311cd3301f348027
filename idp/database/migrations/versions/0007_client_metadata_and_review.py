"""client metadata in one document, review states of apps, domains of institutions"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOVED = {
    "auth_method": "token_endpoint_auth_method",
    "redirect_uris": "redirect_uris",
    "post_logout_redirect_uris": "post_logout_redirect_uris",
    "back_channel_logout_uri": "backchannel_logout_uri",
    "grant_types": "grant_types",
    "response_types": "response_types",
    "id_token_alg": "id_token_signed_response_alg",
    "jwks": "jwks",
    "requires_pushed": "require_pushed_authorization_requests",
    "requires_dpop": "dpop_bound_access_tokens",
}
DEFAULTS: dict[str, Any] = {
    "auth_method": "client_secret_basic",
    "grant_types": ["authorization_code"],
    "redirect_uris": [],
    "post_logout_redirect_uris": [],
}
RULES = ("access_token_format", "required_level", "trusted", "introspects")
JSON = ("jwks", "redirect_uris", "post_logout_redirect_uris", "grant_types", "response_types")


def upgrade() -> None:
    op.create_table(
        "initial_access_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=10), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["institution.code"], name=op.f("fk_initial_access_token_owner_institution")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_initial_access_token")),
    )
    with op.batch_alter_table("initial_access_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_initial_access_token_expires_at"), ["expires_at"], unique=False)
    # Other tables point at these two, so that SQLite cannot make them anew: added in place, the defaults stay.
    op.add_column("institution", sa.Column("domains", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("app", sa.Column("requested_scopes", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("app", sa.Column("reasons", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("app", sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE app SET requested_scopes = scopes")
    op.execute("UPDATE app SET status = 'suspended' WHERE status = 'disabled'")
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.add_column(sa.Column("client_metadata", sa.Text(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("registration_token_hash", sa.String(length=64), nullable=True))
    _move()
    with op.batch_alter_table("oidc_client") as batch_op:
        batch_op.alter_column("client_metadata", server_default=None)
        batch_op.alter_column("policy", server_default=None)
        for name in (*MOVED, *RULES):
            batch_op.drop_column(name)


def _move() -> None:
    """The columns become members of two documents."""
    connection = op.get_bind()
    columns = ", ".join(("app_id", *MOVED, *RULES))
    for row in connection.execute(sa.text(f"SELECT {columns} FROM oidc_client")).mappings().all():  # noqa: S608 - names of ours
        metadata: dict[str, Any] = {}
        for old, new in MOVED.items():
            value = row[old]
            if old in JSON and value is not None:
                value = json.loads(value)
            elif old.startswith("requires"):
                value = bool(value)
            if value not in (None, False) and value != DEFAULTS.get(old):
                metadata[new] = value
        policy = {name: row[name] for name in RULES if name not in ("trusted", "introspects")}
        policy |= {name: bool(row[name]) for name in ("trusted", "introspects")}
        connection.execute(
            sa.text("UPDATE oidc_client SET client_metadata = :metadata, policy = :policy WHERE app_id = :app_id"),
            {"metadata": json.dumps(metadata), "policy": json.dumps(policy), "app_id": row["app_id"]},
        )


def downgrade() -> None:
    old: dict[str, sa.Column[Any]] = {name: sa.Column(name, sa.Text(), nullable=True) for name in (*MOVED, *RULES)}
    old |= {"required_level": sa.Column("required_level", sa.Integer(), nullable=True)}
    old |= {
        name: sa.Column(name, sa.Boolean(), nullable=True)
        for name in ("requires_pushed", "requires_dpop", "trusted", "introspects")
    }
    with op.batch_alter_table("oidc_client") as batch_op:
        for column in old.values():
            batch_op.add_column(column)
    _move_back()
    with op.batch_alter_table("oidc_client") as batch_op:
        for name in ("client_metadata", "policy", "registration_token_hash"):
            batch_op.drop_column(name)
    for name in ("requested_scopes", "reasons", "last_sign_in_at"):
        op.drop_column("app", name)
    op.execute("UPDATE app SET status = 'disabled' WHERE status <> 'approved'")
    op.drop_column("institution", "domains")
    op.drop_table("initial_access_token")


def _move_back() -> None:
    """The members become columns; what no column can hold is lost."""
    connection = op.get_bind()
    defaults = DEFAULTS | {"response_types": []}
    rules: dict[str, Any] = {"access_token_format": "opaque", "required_level": 1, "trusted": False, "introspects": False}
    for row in connection.execute(sa.text("SELECT app_id, client_metadata, policy FROM oidc_client")).mappings().all():
        metadata = json.loads(row["client_metadata"])
        values = {old: metadata.get(new, defaults.get(old)) for old, new in MOVED.items()}
        values |= {name: json.dumps(values[name]) for name in JSON if values[name] is not None}
        values |= {name: bool(values[name]) for name in ("requires_pushed", "requires_dpop")}
        values |= rules | json.loads(row["policy"])
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        connection.execute(
            sa.text(f"UPDATE oidc_client SET {assignments} WHERE app_id = :app_id"),  # noqa: S608 - names of ours
            {**values, "app_id": row["app_id"]},
        )
