"""The tables, in SQLAlchemy Core; ``migrations`` brings a database to this state.

Times are ISO 8601 text in UTC, which sorts, compares and reads the same in every database.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", String(16), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
    Column("expires_at", String(32)),
)
"""Who may come in; a revoked key stays on record."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(60), nullable=False),
    Column("target", String(200), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("previous_sha256", String(64), nullable=False, server_default=""),
    Column("sha256", String(64), nullable=False, server_default=""),
    Index(None, "at"),
)
"""Every write, by whom and when; never a person's name, only key prefixes and pseudonyms.

Each row carries the hash of the one before, so that a changed or missing row shows.
"""

classifications = Table(
    "classifications",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("person", String(40), nullable=False),
    Column("designation", String(60), nullable=False),
    Column("question", String(20), nullable=False),
    Column("label", String(20), nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    UniqueConstraint("person", "designation", "question"),
    Index(None, "question"),
)
"""What people say an object is; one answer per person, object and question, the newest."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("status", String(20), nullable=False),
    Column("request_json", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("finished_at", String(32)),
    Column("result_sha256", String(64)),
    Column("error_json", Text),
    CheckConstraint(
        "status IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="status"
    ),
    Index(None, "status"),
)
"""Long work; a result rests among the blobs."""

analyses = Table(
    "analyses",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("caller", String(100), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("request_sha256", String(64), nullable=False),
    Column("answer_sha256", String(64), nullable=False),
    Column("models_json", Text, nullable=False),
    Column("decision_json", Text, nullable=False),
    Index(None, "subject", "at"),
)
"""What was advised, on what and by which models; only hashes of what was sent and answered."""

overrides = Table(
    "overrides",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("analysis_id", String(32), ForeignKey("analyses.id"), nullable=False),
    Column("person", String(100), nullable=False),
    Column("decision", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "analysis_id"),
)
"""What a person decided instead of, or in accord with, an advice; rows are only added."""

tracking_records = Table(
    "tracking_records",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("object_id", String(60), nullable=False),
    Column("epoch_utc", String(32), nullable=False),
    Column("received_utc", String(32), nullable=False),
    Column("marks", Text, nullable=False, server_default=""),
    Column("source", String(200), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("record_json", Text, nullable=False),
    Index(None, "object_id", "epoch_utc"),
)
"""Element sets and conjunction messages as they were received; a correction is another row."""
