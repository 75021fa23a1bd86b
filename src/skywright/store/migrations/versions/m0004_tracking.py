"""Element sets and conjunction messages as they were received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tracking_records",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=60), nullable=False),
        sa.Column("epoch_utc", sa.String(length=32), nullable=False),
        sa.Column("received_utc", sa.String(length=32), nullable=False),
        sa.Column("marks", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("record_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_tracking_records"),
    )
    op.create_index(
        "ix_tracking_records_object_id_epoch_utc", "tracking_records", ["object_id", "epoch_utc"]
    )
