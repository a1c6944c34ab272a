"""Slowing down whoever guesses: counted in the database, so that several workers count together.

Four counters for each attempt. Only the pair of account and network waits long; the account as a whole, the network and
everybody together wait at most half a minute, so that a stranger can slow somebody down but never shut them out.
An attempt is counted before the password is looked at: a hundred guesses at once are a hundred guesses.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from accounts.models import Throttle
from accounts.rules import LONGEST_WAIT, wait_after
from core import clock
from core.chores import chore
from core.db import database, lock, session, writing
from core.errors import Throttled
from core.i18n import _n

FORGOTTEN_AFTER = timedelta(hours=1)
SHORT_WAIT = timedelta(seconds=30)
PASSWORD = "password"  # noqa: S105 - the kind of secret that is tried most


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted, how many failures cost nothing beyond those of ``wait_after``, and the longest wait.

    ``own``: it is about one account, which a success frees. What many share forgets ``extra`` failures an hour.
    """

    key: str
    extra: int
    longest: timedelta
    own: bool = False


def network(address: str | None) -> str:
    """The address, or its /64 under IPv6, where one line has billions of addresses."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def counters(account: str, address: str | None, kind: str = PASSWORD) -> list[Counter]:
    """The counters of an attempt at ``account`` (what was typed) from ``address``, in the order of their keys.

    Each kind of secret counts for itself. Where only somebody who knows the password can fail, at the second step, the
    account as a whole waits as long as the pair does: no stranger gets there.
    """
    who, where = hashlib.sha256(account.encode("utf-8", "replace")).hexdigest()[:32], network(address)
    of, stranger = ("", True) if kind == PASSWORD else (f"{kind}-", False)
    found = [
        Counter(f"{of}account:{who}", 20 if stranger else 5, SHORT_WAIT if stranger else LONGEST_WAIT, own=True),
        Counter(f"{of}everybody", 2000, SHORT_WAIT),
        Counter(f"{of}network:{where}", 100, SHORT_WAIT),
        Counter(f"{of}pair:{who}:{where}", 0, LONGEST_WAIT, own=True),
    ]
    return sorted(found, key=lambda counter: counter.key)  # always locked in one order


def attempt(account: str, address: str | None, kind: str = PASSWORD) -> None:
    """Count an attempt as failed until ``succeeded`` says otherwise.

    Raises:
        Throttled: it comes too early; it is not counted then, so that hammering does not make the wait longer.
    """
    _count(counters(account, address, kind))


def missed(kind: str, address: str | None) -> None:
    """Count a link or token that was none of ours: who tries many waits, who holds a good one never does.

    They have 256 random bits, so this keeps nobody from guessing; it keeps the guesses cheap. Opens a transaction of
    its own.

    Raises:
        Throttled: this network tries too many.
    """
    with writing():
        _count([Counter(f"{kind}-network:{network(address)}", 50, SHORT_WAIT)])


def _count(counted: list[Counter]) -> None:
    now = clock.now()
    rows = [(counter, _row(counter.key)) for counter in counted]
    waits = [row.blocked_until - now for _counter, row in rows if row.blocked_until and row.blocked_until > now]
    if waits:
        seconds = max(1, int(max(waits).total_seconds()) + 1)
        raise Throttled(
            _n(
                "Too many attempts. Please wait %(num)s second and try again.",
                "Too many attempts. Please wait %(num)s seconds and try again.",
                seconds,
            ),
            retry_after=seconds,
        )
    for counter, row in rows:
        _forget_old(counter, row, now)
        row.failures += 1
        wait = min(wait_after(row.failures - counter.extra), counter.longest)
        row.blocked_until = now + wait if wait else None


def _forget_old(counter: Counter, row: Throttle, now: datetime) -> None:
    """What many share forgets as it goes: a whole centre behind one address makes slips all day long, and they must not
    add up until nobody comes in at the start of a shift. What is one account's is forgotten after an hour of peace.
    """
    peace = now - row.updated_at
    if peace > FORGOTTEN_AFTER:
        row.failures = 0
    if counter.own or row.failures == 0:
        row.updated_at = now
        return
    each = FORGOTTEN_AFTER / counter.extra
    if (gone := peace // each) > 0:
        row.failures = max(0, row.failures - gone)
        row.updated_at += gone * each


def succeeded(account: str, address: str | None, kind: str = PASSWORD) -> None:
    """Take back what ``attempt`` counted: the account is free again, the others lose one failure."""
    for counter in counters(account, address, kind):
        row = _row(counter.key)
        row.failures = 0 if counter.own else max(0, row.failures - 1)
        row.blocked_until = None


@chore(every=600)
def sweep() -> None:
    """Forget counters that nobody has touched for long."""
    session.execute(sa.delete(Throttle).where(Throttle.updated_at < clock.now() - FORGOTTEN_AFTER))


def _row(key: str) -> Throttle:
    found = lock(Throttle, key)
    if found is None:
        insert = sqlite_insert if database().sqlite else postgres_insert
        fresh = insert(Throttle).values(key=key, failures=0, updated_at=clock.now())
        session.execute(fresh.on_conflict_do_nothing())
        found = lock(Throttle, key)
    assert found is not None
    return found
