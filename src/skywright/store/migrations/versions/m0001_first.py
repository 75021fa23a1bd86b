"""Keys, audit, labels, jobs, models and provenance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Integer, String, Text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables; later changes are migrations of their own."""
    _make_security_tables()
    _make_work_tables()
    _make_model_tables()


def _make_security_tables() -> None:
    op.create_table(
        "api_keys",
        Column("prefix", String(16), nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("name", String(100), nullable=False),
        Column("role", String(20), nullable=False),
        Column("created_at", String(32), nullable=False),
        Column("revoked_at", String(32)),
        sa.PrimaryKeyConstraint("prefix", name="pk_api_keys"),
        sa.UniqueConstraint("sha256", name="uq_api_keys_sha256"),
    )
    op.create_table(
        "audit",
        Column("id", Integer, autoincrement=True, nullable=False),
        Column("at", String(32), nullable=False),
        Column("actor", String(100), nullable=False),
        Column("action", String(60), nullable=False),
        Column("target", String(200), nullable=False),
        Column("detail", Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])


def _make_work_tables() -> None:
    op.create_table(
        "classifications",
        Column("id", Integer, autoincrement=True, nullable=False),
        Column("at", String(32), nullable=False),
        Column("person", String(40), nullable=False),
        Column("designation", String(60), nullable=False),
        Column("question", String(20), nullable=False),
        Column("label", String(20), nullable=False),
        Column("comment", Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_classifications"),
        sa.UniqueConstraint(
            "person",
            "designation",
            "question",
            name="uq_classifications_person_designation_question",
        ),
    )
    op.create_index("ix_classifications_question", "classifications", ["question"])
    op.create_table(
        "jobs",
        Column("id", String(32), nullable=False),
        Column("kind", String(40), nullable=False),
        Column("owner", String(100), nullable=False),
        Column("status", String(20), nullable=False),
        Column("request_json", Text, nullable=False),
        Column("created_at", String(32), nullable=False),
        Column("finished_at", String(32)),
        Column("result_sha256", String(64)),
        Column("error_json", Text),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'done', 'failed', 'cancelled')",
            name="ck_jobs_status",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_status", "jobs", ["status"])


def _make_model_tables() -> None:
    op.create_table(
        "models",
        Column("id", Integer, autoincrement=True, nullable=False),
        Column("name", String(100), nullable=False),
        Column("version", Integer, nullable=False),
        Column("kind", String(40), nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("folder", Text, nullable=False),
        Column("metrics_json", Text, nullable=False, server_default="{}"),
        Column("card", Text, nullable=False, server_default=""),
        Column("created_at", String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("name", "version", name="uq_models_name_version"),
    )
    op.create_table(
        "model_aliases",
        Column("name", String(100), nullable=False),
        Column("alias", String(40), nullable=False),
        Column("model_id", Integer, nullable=False),
        Column("set_at", String(32), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_model_aliases_model_id"),
        sa.PrimaryKeyConstraint("name", "alias", name="pk_model_aliases"),
    )
    op.create_table(
        "provenance",
        Column("id", Integer, autoincrement=True, nullable=False),
        Column("source", String(60), nullable=False),
        Column("url", Text, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("licence", Text, nullable=False),
        Column("etag", Text, nullable=False, server_default=""),
        Column("fetched_at", String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provenance"),
    )
    op.create_index("ix_provenance_source", "provenance", ["source"])
    op.create_index("ix_provenance_sha256", "provenance", ["sha256"])
