"""What an error of the database means for people: no room, or nobody there. Everything else is a fault of ours."""

import enum

from sqlalchemy import exc

_FULL = ("disk is full", "no space left", "disk quota exceeded")
_AWAY = ("database is locked", "disk i/o error", "unable to open database file", "connection", "server closed",
         "starting up", "shutting down", "did not answer", "timeout expired", "terminating")  # fmt: skip


class Trouble(enum.Enum):
    """Why the database could not do what it was asked; nothing is wrong with what was asked."""

    FULL = "no room is left"
    AWAY = "the database does not answer"


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What is the matter outside this program, or ``None`` when the error is about what was asked."""
    if isinstance(error, exc.TimeoutError):  # every connection is waiting for an answer
        return Trouble.AWAY
    if not isinstance(error, exc.DBAPIError):
        return None
    said = str(error.orig).lower()
    if any(words in said for words in _FULL):
        return Trouble.FULL
    if error.connection_invalidated or isinstance(error, exc.InterfaceError):
        return Trouble.AWAY
    if isinstance(error, exc.OperationalError) and any(words in said for words in _AWAY):
        return Trouble.AWAY
    return None
