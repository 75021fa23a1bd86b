"""How Alembic runs here: on a connection handed in by ``store.database``, in its transaction."""

from alembic import context

from skywright.store import foundry_schema  # noqa: F401  (its tables join the metadata)
from skywright.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
context.run_migrations()
