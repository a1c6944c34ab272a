"""Column types as the migrations write them. They mirror ``core.db`` and never change once released."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

Json = sa.JSON().with_variant(JSONB(), "postgresql")
Time = sa.DateTime(timezone=True)  # always UTC
Amount = sa.BigInteger  # points in hundredths, readings in millionths


def code(length: int = 32) -> sa.String:
    """An enum stored by value."""
    return sa.String(length)
