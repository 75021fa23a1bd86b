"""Keys, audit, labels and jobs."""

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
