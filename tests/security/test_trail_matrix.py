"""Every state change leaves a trace: who, when, from where, in which request – and what stood there before and after.

Every unsafe address is asked by somebody who comes in there (``expected``), and what its transaction wrote is looked
at. Either an act stands in the trail, or all it wrote are rows that say themselves whose they are and when: those
tables are listed here, each with its reason. What an act changed in rows that stood before is in it by digest.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from core import audit, web
from core.audit import TrailEntry
from core.db import Base, database, reading, session
from tests.security.test_authz_matrix import UNSAFE, ask, filled_in, letter, rows, world
from tests.security.world import PEOPLE, browsers, scripts

__all__ = ["world"]

WRITE = re.compile(r'^(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
MACHINE = {"trail_entries", "outbox_jobs", "idempotency_keys"}
OWN = {
    "login_sessions": "a sign-in is the person's own; its row says since when and from where",
    "notices": "that somebody read what they were told",
}


@dataclass
class Watch:
    """What the transaction of one request wrote."""

    tables: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    acts: list[dict[str, Any]] = field(default_factory=list)
    since: int = 0

    def begin(self) -> None:
        with reading() as s:
            self.since = s.scalar(sa.select(sa.func.max(TrailEntry.id))) or 0
        self.tables, self.updated, self.acts = set(), set(), []

    def statement(self, *about: Any) -> None:
        found = WRITE.match(about[2])
        if found and found[2] not in MACHINE:
            self.tables.add(found[2])

    def end(self, answer: Any) -> Any:
        """Read off what stands in the trail; nothing is kept."""
        session.flush()
        for act in session.scalars(sa.select(TrailEntry).where(TrailEntry.id > self.since)):
            self.acts.append({column.key: getattr(act, column.key) for column in sa.inspect(TrailEntry).column_attrs})
        session.rollback()
        return answer


@pytest.fixture
def watch(app, monkeypatch):
    found = Watch()
    monkeypatch.setattr(web, "_kept", found.end)
    sa.event.listen(database().writer, "before_cursor_execute", found.statement)
    yield found
    sa.event.remove(database().writer, "before_cursor_execute", found.statement)


@pytest.mark.timeout(300)
def test_every_change_leaves_a_trace(app, world, watch, signed_in, api):
    app.config["PROPAGATE_BUGS"] = False
    clients, tokens = browsers(app, world, signed_in)
    programs = scripts(world, api)
    silent, faulty = [], []
    for row, method, path, rule in rows(app):
        allowed = [n for n, seen in zip(PEOPLE, row.expected.replace(" ", ""), strict=True) if seen == "o"][-1:]
        for name in set(allowed) - {"nobody", "gone"} if method in UNSAFE else ():
            scripted = rule.startswith("/api/v1/")
            watch.begin()
            asked = (path.format(**vars(world)), filled_in(row.body, world))
            answer = ask(programs[name] if scripted else clients[name], tokens.get(name), method, *asked)
            assert letter(answer) == "o", (row.asked, answer.status_code)
            unsaid = watch.tables - OWN.keys()
            if unsaid and not watch.acts:
                silent.append(f"{row.asked}: {sorted(unsaid)}")
            faulty += [f"{row.asked}: {act}" for act in watch.acts if not traced(act, world.actors[name])]
    print("\n".join(silent))
    assert faulty == []
    assert silent == [], "written without an act; see OWN"


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
