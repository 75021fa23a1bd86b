"""The tables of the foundry: jobs, datasets, models, what people gave, and what endpoints did.

``schema.metadata`` holds them with the others; ``migrations`` brings a database to this state.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from skywright.store.schema import metadata

training_jobs = Table(
    "training_jobs",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("base_model", String(200)),
    Column("training_method", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("config", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("started_at", String(32)),
    Column("completed_at", String(32)),
    Column("owner", String(100), nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("max_attempts", Integer, nullable=False, server_default="3"),
    Column("run_after", Float(53), nullable=False, server_default="0"),
    Column("worker", String(100)),
    Column("lease_until", Float(53)),
    Column("cancel_requested", Integer, nullable=False, server_default="0"),
    Column("cpus", Float(53), nullable=False, server_default="1"),
    Column("gpus", Float(53), nullable=False, server_default="0"),
    Column("memory_gb", Float(53), nullable=False, server_default="0"),
    Column("launcher", String(20), nullable=False, server_default="local"),
    Column("handle", Text),
    Column("result_json", Text),
    Column("error_json", Text),
    Column("error_digest", String(64)),
    CheckConstraint(
        "status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'parked')",
        name="status",
    ),
    Index("ix_training_jobs_claim", "status", "priority", "run_after"),
)
"""One row a training job. ``run_after`` and ``lease_until`` are seconds of the Unix epoch."""

job_dependencies = Table(
    "job_dependencies",
    metadata,
    Column("job_id", String(160), ForeignKey("training_jobs.id"), primary_key=True),
    Column("needs_id", String(160), ForeignKey("training_jobs.id"), primary_key=True),
)
"""A job runs when all it needs are completed; it is cancelled when one of them never will be."""

job_log = Table(
    "job_log",
    metadata,
    Column("job_id", String(160), ForeignKey("training_jobs.id"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("at", String(32), nullable=False),
    Column("text", Text, nullable=False),
)
"""What the attempts of a job wrote, line by line."""

job_metrics = Table(
    "job_metrics",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", String(160), ForeignKey("training_jobs.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("value", Float(53), nullable=False),
    Column("at", Float(53), nullable=False),
    Index(None, "job_id", "name", "step"),
)
"""What a run measured on its way; ``at`` is seconds of the Unix epoch."""

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("cron", String(100), nullable=False),
    Column("config", Text, nullable=False),
    Column("owner", String(100), nullable=False),
    Column("enabled", Integer, nullable=False, server_default="1"),
    Column("next_at", Float(53), nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""Jobs that come again; a tick is the job ``name@time``, so its primary key makes it once."""

training_datasets = Table(
    "training_datasets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("source", String(40), nullable=False),
    Column("data_type", String(40), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("num_samples", BigInteger, nullable=False),
    Column("licence", String(200), nullable=False, server_default=""),
    Column("manifest_json", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    UniqueConstraint("name", "version"),
)
"""A dataset is a manifest of hashes; its id is the hash of that."""

models = Table(
    "models",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("version", String(64), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("base_model_id", String(160)),
    Column("training_job_id", String(160)),
    Column("dataset_id", String(64)),
    Column("specialization", String(200), nullable=False, server_default=""),
    Column("performance_metrics", Text, nullable=False),
    Column("gate", String(20), nullable=False),
    Column("gate_reason", Text, nullable=False),
    Column("deployed", Integer, nullable=False, server_default="0"),
    Column("created_at", String(32), nullable=False),
    Column("deleted_at", String(32)),
    UniqueConstraint("name", "version"),
)
"""Versions of models; the files lie in the registry folder ``models/<name>/<version>``."""

aliases = Table(
    "aliases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("alias", String(20), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("previous", String(64)),
    Column("at", String(32), nullable=False),
)
"""``champion`` and ``challenger`` of a name; ``previous`` is where a roll back goes."""

accepted_licences = Table(
    "accepted_licences",
    metadata,
    Column("model_id", String(160), primary_key=True),
    Column("licence", String(200), primary_key=True),
    Column("by", String(100), nullable=False),
    Column("at", String(32), nullable=False),
    Column("reason", Text, nullable=False),
)
"""Unknown licences that a person took on for one model."""

user_inputs = Table(
    "user_inputs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(40), nullable=False),
    Column("input_type", String(20), nullable=False),
    Column("content", Text),
    Column("path", String(200)),
    Column("metadata", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Index(None, "user_id"),
)
"""What people gave; ``path`` names the encrypted object, ``user_id`` is a pseudonym."""

user_rows = Table(
    "user_rows",
    metadata,
    Column("input_id", String(32), ForeignKey("user_inputs.id"), primary_key=True),
    Column("part", String(100), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
"""Rows parsed from an upload, JSON encrypted like the upload itself."""

object_keys = Table(
    "object_keys",
    metadata,
    Column("object_id", String(64), primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""The data key of each encrypted object, wrapped by the master key; no row, no content."""

deployments = Table(
    "deployments",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("champion", String(64), nullable=False),
    Column("challenger", String(64)),
    Column("mode", String(20), nullable=False),
    Column("fraction", Float(53), nullable=False, server_default="0"),
    Column("flags", Text, nullable=False),
    Column("state_json", Text, nullable=False, server_default="{}"),
    Column("updated_at", String(32), nullable=False),
    CheckConstraint("mode IN ('single', 'canary', 'shadow', 'ab')", name="mode"),
)
"""What an endpoint serves; ``state_json`` is the sequential test under way."""

predictions = Table(
    "predictions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", Float(53), nullable=False),
    Column("name", String(100), nullable=False),
    Column("version", String(64), nullable=False),
    Column("variant", String(20), nullable=False),
    Column("caller", String(100), nullable=False),
    Column("input_json", Text, nullable=False),
    Column("output_json", Text, nullable=False),
    Column("latency_ms", Float(53), nullable=False),
    Column("label_json", Text),
    Column("labelled_at", Float(53)),
    Index(None, "name", "version", "at"),
)
"""A sample of what endpoints answered, for drift; labels come later. ``at`` is Unix seconds."""

watch_reports = Table(
    "watch_reports",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("name", String(100), nullable=False),
    Column("version", String(64), nullable=False),
    Column("alarm", Integer, nullable=False),
    Column("report_json", Text, nullable=False),
    Column("job_id", String(160)),
    Index(None, "name"),
)
"""What the watch saw, and the retraining job it started."""

collector_cursors = Table(
    "collector_cursors",
    metadata,
    Column("collector", String(60), primary_key=True),
    Column("state_json", Text, nullable=False),
    Column("updated_at", String(32), nullable=False),
)
"""How far a collection came, so that it goes on where it stopped."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("route", String(200), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("created_at", Float(53), nullable=False),
)
"""Answers to POSTs by ``Idempotency-Key``; ``created_at`` is Unix seconds."""
