"""How often somebody asked this second: counted in memory, and where several processes serve, for the whole site.

Nobody pays for being counted: who asks seldom is counted here alone. Whoever asks often is added up in the database at
every so many calls, so that a site lets through hardly more than one process would: each process hides ``FEW`` calls,
or ``STEP`` of somebody who is quick, at most. The library's own counter starts a thread with every request.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import current_app, has_app_context
from limits.storage import MemoryStorage
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from accounts.models import Throttle
from core.db import Database

log = logging.getLogger(__name__)
SCHEME = "counted"
SWEEP = 1.0  # seconds between two looks for counts whose time is over
FEW, STEP = 10, 25  # calls that are nobody else's business; calls between two words with the others


@dataclass(slots=True)
class Told:
    """Of one key: how many calls of ours the others know of, and how many of theirs we do."""

    ours: int = 0
    theirs: int = 0


class Counted(MemoryStorage):
    """Counts by key, each for its time, which begins for all processes at the same moment."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library's way to be told

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        self._guard = threading.Lock()
        self._sweep_at = 0.0
        self._told: dict[str, Told] = {}
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """The count of this key with this one, since its time began; with what is known of other processes."""
        now = time.time()
        with self._guard:
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP
                for old in [each for each, until in self.expirations.items() if until <= now]:
                    self._forget(old)
            if self.expirations.get(key, 0.0) <= now:
                self._forget(key)
                self.expirations[key] = now - now % expiry + expiry
            self.storage[key] += amount
            count = self.storage[key]
            told = self._told.get(key) or Told()
            fresh = count - told.ours if count > FEW and count - told.ours >= (STEP if told.ours else 1) else 0
            if fresh:
                self._told[key] = told
                told.ours = count
        if fresh:
            everybody = shared(key, int(now // expiry * expiry), fresh)
            told.theirs = max(told.theirs, everybody - told.ours)
        return count + told.theirs

    def _forget(self, key: str) -> None:
        self.storage.pop(key, None)
        self.expirations.pop(key, None)
        self._told.pop(key, None)


def shared(key: str, since: int, fresh: int) -> int:
    """How often all processes together were asked since this second (of 1970), with so many more of ours. None where
    one process is the site; when the database is away whoever asks hears of it anyhow."""
    database: Database | None = current_app.extensions.get("spiral.database") if has_app_context() else None
    if database is None or database.sqlite:
        return 0
    began = datetime.fromtimestamp(since, UTC)
    row = insert(Throttle).values(key=f"calls:{key}"[:120], failures=fresh, updated_at=began)
    same = Throttle.updated_at >= row.excluded.updated_at
    counted = row.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "failures": sa.case((same, Throttle.failures + fresh), else_=fresh),
            "updated_at": sa.func.greatest(Throttle.updated_at, row.excluded.updated_at),
        },
    ).returning(Throttle.failures)
    try:
        with database.writer.begin() as connection:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")  # a count of this second may be lost
            connection.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")  # and is not waited for
            return int(connection.scalar(counted) or 0)
    except SQLAlchemyError as error:
        log.warning("calls of this second were not added up: %s", type(error).__name__)
        return 0
