"""Every state change leaves a trace: who, when, from where, in which request – and what stood there before and after.

Every unsafe address is asked by somebody who comes in there (``expected``), and what its transaction wrote is looked
at. Either an act stands in the trail, or the address is listed here, with the reason why its own rows are enough.
What an act changed in rows that stood before is in it by digest (``tests/core/test_chain.py``).
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from core import web
from core.audit import TrailEntry
from core.db import database, reading, session
from tests.security.test_authz_matrix import UNSAFE, ask, filled_in, letter, rows, world
from tests.security.world import PEOPLE, browsers, scripts

__all__ = ["world"]

WRITE = re.compile(r'^(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
MACHINE = {"trail_entries", "outbox_jobs", "idempotency_keys", "throttles", "login_sessions"}
DRAFT = "a draft is its author's alone; every saved text is a revision: author, time, digest, never changed"
VOTE = "a vote is a row that only grows: who, when, on which text; what it earned refers to it"
TASTE = "what somebody chose for themselves, and nobody else sees"
OWN = {
    "POST /notices/read": "that somebody read what they were told",
    "POST /api/v1/notices/read": "that somebody read what they were told",
    "POST /profile/notices": TASTE,
    "POST /search/pins/<slug>": TASTE,
    "POST /search/service": TASTE,
    "POST /points/ranking": TASTE,
    "POST /logout": "its own sign-in ends; signing in is in the trail",
    "PUT /presence/<page>": "that a page is open, for a minute",
    "POST /presence/<page>/left": "that a page is open, for a minute",
    "PUT /drafts/<key>": DRAFT,
    "PUT /submissions/<int:submission_id>/autosave": DRAFT,
    "POST /submissions/<int:submission_id>/windows/drop": DRAFT,
    "PUT /api/v1/submissions/<int:submission_id>": DRAFT,
    "POST /api/v1/submissions": DRAFT,
    "POST /articles/<slug>/feedback": VOTE,
    "POST /articles/<slug>/feedback/back": VOTE,
    "POST /api/v1/articles/<slug>/feedback": VOTE,
    "POST /api/v1/articles/<slug>/uses": VOTE,
    "POST /api/v1/articles/<slug>/uses/undo": VOTE,
    "POST /admin/kpi/files/<int:import_id>/columns": "how a file will be read; taking it in is in the trail",
}


@dataclass
class Watch:
    """What the transaction of one request wrote."""

    tables: set[str] = field(default_factory=set)
    acts: list[dict[str, Any]] = field(default_factory=list)
    since: int = 0

    def begin(self) -> None:
        with reading() as s:
            self.since = s.scalar(sa.select(sa.func.max(TrailEntry.id))) or 0
        self.tables, self.acts = set(), []

    def statement(self, *about: Any) -> None:
        found = WRITE.match(about[2])
        if found and found[2] not in MACHINE:
            self.tables.add(found[2])

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
    sa.event.listen(database().writer, "before_cursor_execute", found.statement)
    yield found
    sa.event.remove(database().writer, "before_cursor_execute", found.statement)


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
            if watch.tables and not watch.acts and f"{method} {rule}" not in OWN:
                silent.append(f"{method} {rule}: {sorted(watch.tables)}")
            told |= {f"{method} {rule}"} if watch.acts else set()
            faulty += [f"{row.asked}: {act}" for act in watch.acts if not traced(act, world.actors[name])]
    assert faulty == []
    assert silent == [], "written without an act; see OWN"
    assert len(told) > 60, "the table shows that many addresses at work"


def traced(act, who):
    """Who, when, from where, in which request; before and after go together."""
    digests = [act["changed"], act["before_hash"], act["after_hash"]]
    return (
        act["actor_id"] == who.id
        and act["actor_name"] == who.name
        and act["at"] is not None
        and act["address"] == "127.0.0.1"
        and bool(act["request_id"])
        and (digests == [None] * 3 or (all(digests) and act["before_hash"] != act["after_hash"]))
    )
