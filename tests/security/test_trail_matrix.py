"""Every state change leaves a trace: who, when, from where, in which request – and what stood there before and after.

Every unsafe address is asked by somebody who comes in there (``expected``), and what its transaction wrote is looked
at: either an act stands in the trail, or the address is in ``traced.OWN``. That holds for every request of every other
test, too (``tests/support/traced.py``); here the act itself is looked at. What an act changed in rows that stood before
is in it by digest (``tests/core/test_chain.py``).
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from core import web
from core.audit import TrailEntry
from core.db import reading, session
from tests.security.test_authz_matrix import UNSAFE, ask, filled_in, letter, rows, world
from tests.security.world import PEOPLE, browsers, scripts
from tests.support.traced import MACHINE, OWN, expect, tables

__all__ = ["world"]


@dataclass
class Watch:
    """What acts the transaction of one request left."""

    acts: list[dict[str, Any]] = field(default_factory=list)
    since: int = 0

    def begin(self) -> None:
        with reading() as s:
            self.since = s.scalar(sa.select(sa.func.max(TrailEntry.id))) or 0
        self.acts = []

    def look(self) -> None:
        """Add the acts since the beginning that this transaction sees."""
        for act in session.scalars(sa.select(TrailEntry).where(TrailEntry.id > self.since)):
            self.acts.append({column.key: getattr(act, column.key) for column in sa.inspect(TrailEntry).column_attrs})

    def end(self, answer: Any) -> Any:
        """Nothing of the request is kept but what was seen of it."""
        session.flush()
        self.look()
        session.rollback()
        return answer


@pytest.fixture
def watch(app, monkeypatch):
    found = Watch()
    monkeypatch.setattr(web, "_kept", found.end)
    return found


@pytest.mark.timeout(600)
def test_every_change_leaves_a_trace(app, world, watch, signed_in, api):
    app.config["PROPAGATE_BUGS"] = False
    clients, tokens = browsers(app, world, signed_in)
    programs = scripts(world, api)
    silent, faulty, told = [], [], set()
    for row, method, path, rule in rows(app):
        allowed = [n for n, seen in zip(PEOPLE, row.expected.replace(" ", ""), strict=True) if seen == "o"][-1:]
        for name in set(allowed) - {"nobody", "gone"} if method in UNSAFE else ():
            scripted = rule.startswith("/api/v1/")
            watch.begin()
            asked = (path.format(**vars(world)), filled_in(row.body, world))
            answer = ask(programs[name] if scripted else clients[name], tokens.get(name), method, *asked)
            assert letter(answer) == "o", (row.asked, answer.status_code)
            with reading():  # a view may have had a transaction of its own
                watch.look()
            written = tables() - MACHINE
            if written and not watch.acts and f"{method} {rule}" not in OWN:
                silent.append(f"{method} {rule}: {sorted(written)}")
            told |= {f"{method} {rule}"} if watch.acts else set()
            asked_as = answer.headers["X-Request-Id"]
            faulty += [f"{row.asked}: {act}" for act in watch.acts if not traced(act, world.actors[name], asked_as)]
    assert faulty == []
    assert silent == [], "written without an act; see OWN"
    assert len(told) > 60, "the table shows that many addresses at work"
    expect({f"{method} {rule}" for _row, method, _path, rule in rows(app) if method in UNSAFE})


def traced(act, who, asked_as):
    """Who, when, from where, in which request; before and after go together."""
    digests = [act["changed"], act["before_hash"], act["after_hash"]]
    return (
        act["actor_id"] == who.id
        and act["actor_name"] == who.name
        and act["at"] is not None
        and act["address"] == "127.0.0.1"
        and act["request_id"] == asked_as
        and (digests == [None] * 3 or (all(digests) and act["before_hash"] != act["after_hash"]))
    )
