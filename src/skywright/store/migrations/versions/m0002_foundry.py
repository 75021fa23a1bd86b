"""The foundry: jobs, datasets, models, inputs, endpoints; keys that expire, a chained audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROLES = {"contributor": "analyst", "operator": "trainer"}
_REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$
"""


def upgrade() -> None:
    """Make the tables of the foundry, and bring keys and audit to their new shape."""
    _make_job_tables()
    _make_model_tables()
    _make_input_tables()
    _make_endpoint_tables()
    _change_security_tables()


def _make_job_tables() -> None:
    op.create_table(
        "training_jobs",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("base_model", sa.String(length=200)),
        sa.Column("training_method", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.String(length=32)),
        sa.Column("completed_at", sa.String(length=32)),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="3", nullable=False),
        sa.Column("run_after", sa.Float(precision=53), server_default="0", nullable=False),
        sa.Column("worker", sa.String(length=100)),
        sa.Column("lease_until", sa.Float(precision=53)),
        sa.Column("cancel_requested", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cpus", sa.Float(precision=53), server_default="1", nullable=False),
        sa.Column("gpus", sa.Float(precision=53), server_default="0", nullable=False),
        sa.Column("memory_gb", sa.Float(precision=53), server_default="0", nullable=False),
        sa.Column("launcher", sa.String(length=20), server_default="local", nullable=False),
        sa.Column("handle", sa.Text()),
        sa.Column("result_json", sa.Text()),
        sa.Column("error_json", sa.Text()),
        sa.Column("error_digest", sa.String(length=64)),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'parked')",
            name="ck_training_jobs_status",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_training_jobs"),
    )
    op.create_index(
        "ix_training_jobs_claim", "training_jobs", ["status", "priority", "run_after"], unique=False
    )
    op.create_table(
        "job_dependencies",
        sa.Column("job_id", sa.String(length=160), nullable=False),
        sa.Column("needs_id", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["training_jobs.id"], name="fk_job_dependencies_job_id"
        ),
        sa.ForeignKeyConstraint(
            ["needs_id"], ["training_jobs.id"], name="fk_job_dependencies_needs_id"
        ),
        sa.PrimaryKeyConstraint("job_id", "needs_id", name="pk_job_dependencies"),
    )
    op.create_table(
        "job_log",
        sa.Column("job_id", sa.String(length=160), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name="fk_job_log_job_id"),
        sa.PrimaryKeyConstraint("job_id", "line", name="pk_job_log"),
    )
    op.create_table(
        "job_metrics",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=160), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name="fk_job_metrics_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_job_metrics"),
    )
    op.create_index(
        "ix_job_metrics_job_id_name_step", "job_metrics", ["job_id", "name", "step"], unique=False
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("enabled", sa.Integer(), server_default="1", nullable=False),
        sa.Column("next_at", sa.Float(precision=53), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_schedules"),
    )


def _make_model_tables() -> None:
    op.create_table(
        "training_datasets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("data_type", sa.String(length=40), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("num_samples", sa.BigInteger(), nullable=False),
        sa.Column("licence", sa.String(length=200), server_default="", nullable=False),
        sa.Column("manifest_json", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_datasets"),
        sa.UniqueConstraint("name", "version", name="uq_training_datasets_name_version"),
    )
    op.create_table(
        "models",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("base_model_id", sa.String(length=160)),
        sa.Column("training_job_id", sa.String(length=160)),
        sa.Column("dataset_id", sa.String(length=64)),
        sa.Column("specialization", sa.String(length=200), server_default="", nullable=False),
        sa.Column("performance_metrics", sa.Text(), nullable=False),
        sa.Column("gate", sa.String(length=20), nullable=False),
        sa.Column("gate_reason", sa.Text(), nullable=False),
        sa.Column("deployed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("deleted_at", sa.String(length=32)),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("name", "version", name="uq_models_name_version"),
    )
    op.create_table(
        "aliases",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("alias", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64)),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", "alias", name="pk_aliases"),
    )
    op.create_table(
        "accepted_licences",
        sa.Column("model_id", sa.String(length=160), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "licence", name="pk_accepted_licences"),
    )


def _make_input_tables() -> None:
    op.create_table(
        "user_inputs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("input_type", sa.String(length=20), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("path", sa.String(length=200)),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_inputs"),
    )
    op.create_index("ix_user_inputs_user_id", "user_inputs", ["user_id"], unique=False)
    op.create_table(
        "user_rows",
        sa.Column("input_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.String(length=100), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["input_id"], ["user_inputs.id"], name="fk_user_rows_input_id"),
        sa.PrimaryKeyConstraint("input_id", "part", "row", name="pk_user_rows"),
    )
    op.create_table(
        "object_keys",
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name="pk_object_keys"),
    )
    op.create_table(
        "collector_cursors",
        sa.Column("collector", sa.String(length=60), nullable=False),
        sa.Column("state_json", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("collector", name="pk_collector_cursors"),
    )


def _make_endpoint_tables() -> None:
    op.create_table(
        "deployments",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("champion", sa.String(length=64), nullable=False),
        sa.Column("challenger", sa.String(length=64)),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("fraction", sa.Float(precision=53), server_default="0", nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("state_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "mode IN ('single', 'canary', 'shadow', 'ab')", name="ck_deployments_mode"
        ),
        sa.PrimaryKeyConstraint("name", name="pk_deployments"),
    )
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=20), nullable=False),
        sa.Column("caller", sa.String(length=100), nullable=False),
        sa.Column("input_json", sa.Text(), nullable=False),
        sa.Column("output_json", sa.Text(), nullable=False),
        sa.Column("latency_ms", sa.Float(precision=53), nullable=False),
        sa.Column("label_json", sa.Text()),
        sa.Column("labelled_at", sa.Float(precision=53)),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
    )
    op.create_index(
        "ix_predictions_name_version_at", "predictions", ["name", "version", "at"], unique=False
    )
    op.create_table(
        "watch_reports",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("alarm", sa.Integer(), nullable=False),
        sa.Column("report_json", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(length=160)),
        sa.PrimaryKeyConstraint("id", name="pk_watch_reports"),
    )
    op.create_index("ix_watch_reports_name", "watch_reports", ["name"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("created_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
    )


def _change_security_tables() -> None:
    op.add_column("api_keys", sa.Column("expires_at", sa.String(32)))
    for name in ("previous_sha256", "sha256"):
        op.add_column("audit", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    keys = sa.table("api_keys", sa.column("role", sa.String))
    for old, new in _ROLES.items():
        op.execute(keys.update().where(keys.c.role == old).values(role=new))
    _blank_labels_in_the_trail()
    _make_the_trail_append_only()


def _blank_labels_in_the_trail() -> None:
    """Take what people said out of rows that can never be changed again; labels keep it."""
    trail = sa.table(
        "audit", *(sa.column(name, sa.String) for name in ("action", "target", "detail"))
    )
    said = trail.update().where(trail.c.action == "label.store")
    op.execute(said.values(target="a label", detail=""))


def _make_the_trail_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE_ON_POSTGRESQL)
        for moment, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER audit_keeps_{each.lower()}s BEFORE {moment} ON audit "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_audit_change()"
            )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_keeps_on_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )
    op.execute(  # INSERT OR REPLACE deletes without telling the trigger on DELETE
        "CREATE TRIGGER audit_keeps_on_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    )
