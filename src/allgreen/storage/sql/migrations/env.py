"""How Alembic runs here: always on a connection, and in the transaction, that it is handed."""

from alembic import context

from allgreen.storage.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    # SQLite can take back a change of the schema, as long as we begin the transaction ourselves.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
