"""How often somebody asked this second: counted in memory, and where several processes serve, for the whole site.

Nobody pays for being counted: who asks seldom is counted here alone. Whoever asks often is added up in the database at
every so many requests, so that a site lets through hardly more than one process would: each process hides ``FEW``
requests, or ``STEP`` of somebody who is quick, at most.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import current_app, has_app_context
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from accounts.models import Throttle
from core.db import Database

log = logging.getLogger(__name__)
SWEEP = 1.0  # seconds between two looks for counts whose time is over
FEW, STEP = 10, 25  # requests that are nobody else's business; requests between two words with the others


@dataclass(slots=True)
class Asked:
    """Of one key, until its second is over: how many requests came here, how many of them the other processes know
    of, and how many of theirs we do."""

    until: float
    here: int = 0
    told: int = 0
    theirs: int = 0


class Counted:
    """Requests by key in this second, which begins for all processes at the same moment."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._sweep_at = 0.0
        self.asked: dict[str, Asked] = {}

    def add(self, key: str) -> int:
        """How many requests of this key there were in this second, with this one and with what is known of other
        processes."""
        now = time.time()
        with self._guard:
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP
                self.asked = {each: row for each, row in self.asked.items() if row.until > now}
            row = self.asked.get(key)
            if row is None or row.until <= now:
                row = self.asked[key] = Asked(now // 1 + 1)
            row.here += 1
            here, fresh = row.here, row.here - row.told
            if here <= FEW or fresh < (STEP if row.told else 1):
                return here + row.theirs
            row.told = here
        row.theirs = max(row.theirs, shared(key, int(now), fresh) - here)
        return here + row.theirs


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
        log.warning("requests of this second were not added up: %s", type(error).__name__)
        return 0
