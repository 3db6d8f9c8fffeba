"""Run by Alembic: migrates over the connection, and inside the transaction, that the caller gives."""

from alembic import context

from card_studio.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
