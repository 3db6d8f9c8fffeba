"""How a deck was proposed is kept with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("decks", sa.Column("selection", sa.Text(), nullable=True))
