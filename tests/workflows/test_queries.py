"""How many queries the two commonest things take, pinned: looking at the inbox, and deciding."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import absences
from accounts.models import User
from accounts.people import actor_of
from core import clock
from core.db import reading, writing
from tests.clients import fewest
from tests.make import Make
from workflows import housekeeping

pytestmark = pytest.mark.both_databases
INBOX, DECISION, BLOCKED = 8, 33, 8  # of the inbox one asks for writing tasks, one for hand-overs
BODY = {"verb": "approve", "version": 1}


def somebody_is_away(make: Make, deputy: User) -> None:
    with writing():
        gone = make.user("business")
        now = clock.now()
        absences.announce(actor_of(gone), gone.id, now, now + timedelta(days=1), deputy.username)


def test_the_inbox(make: Make, signed_in: Any, query_count: Any) -> None:
    """As many for five items as for twenty-five, and with somebody to stand in for."""
    judge = make.user("business")
    browser = signed_in(judge)
    counts = []
    for some in (5, 20):
        with writing():
            author = make.actor("rep")
            for _ in range(some):
                make.submission(author)
        counts.append(fewest(query_count, lambda: browser.text("/reviews")))
    somebody_is_away(make, judge)
    counts.append(fewest(query_count, lambda: browser.text("/reviews")))
    assert counts[0] == counts[1]
    assert counts[2] <= counts[1] + 1
    assert max(counts) <= INBOX, counts


def test_a_decision(make: Make, api: Any, query_count: Any) -> None:
    """In the first stage of four; as many whatever else is open."""
    judge = make.user("business")
    script = api(judge)
    counts = []
    for _round in range(2):
        with writing():
            author = make.actor("rep")
            made = [make.submission(author, "script") for _ in range(8)]
        with reading():
            waiting = iter([make.task(one).id for one in made])
        decide = lambda w=waiting: script.ok("POST", f"/reviews/{next(w)}/decisions", BODY)  # noqa: E731
        counts.append(fewest(query_count, decide))
    assert counts[0] == counts[1], counts
    assert counts[0] <= DECISION, counts


def test_looking_for_blocked_tasks(make: Make, query_count: Any) -> None:
    """Over thousands of open tasks only those are asked about singly for which it may be so."""
    counts = []
    for _ in range(3):
        make.user("business")
    for some in (3, 12):
        with writing():
            author = make.actor("rep")
            for _ in range(some):
                make.submission(author)
        with query_count() as statements, writing():
            housekeeping.find_blocked()
        counts.append(len(statements))
    assert counts[0] == counts[1], counts
    assert counts[1] <= BLOCKED, counts
