"""What was done last to the installation as a whole, whichever machine did it: one row for each sort of act."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, session


class Noted(Base):
    """One sort of act: when it was done last, and of what (a revision of the tables, a name)."""

    __tablename__ = "noted"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    said: Mapped[str] = mapped_column(sa.String(200), server_default="")
    at: Mapped[datetime]


def note(name: str, said: str = "") -> None:
    """It is being done, in the current write transaction."""
    row = session.get(Noted, name)
    if row is None:
        row = Noted(name=name)
        session.add(row)
    row.said, row.at = said, clock.now()
    session.flush()


def last(name: str) -> Noted | None:
    """When it was done last; ``None`` when never."""
    return session.get(Noted, name)
