"""The database fails at the Nth statement, and at the commit, of everything that writes: nothing of it has happened.

Every route that writes (the table of rights says who may, and with what), and every op that no such request reaches
(``acts.py``). What was refused is asked again and goes through, so the process has kept nothing half done either. Here
a seeded sample, under ``soak`` every statement, on both databases. ``FAULT_SEED`` chooses another sample.
"""

import functools
import os
import random
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from accounts import counting
from core import web
from core.db import Database, session, writing
from tests.reliability import acts
from tests.reliability.faults import COMMIT, Dump, away, broken, difference, dump, faults, full
from tests.security.test_authz_matrix import UNSAFE, ask, filled_in, rows
from tests.security.world import PEOPLE, World, browsers, keep_nothing, scripts

ALL = slice(None)
PARTS = 12  # of the long form, each a test of its own
SEED = int(os.environ.get("FAULT_SEED", "1"))
ERRORS = {"full": full, "broken": broken, "away": away}
REFUSED = {"full": {507}, "broken": {500, 409, 422}, "away": {503}}
SAMPLE = 10  # statements of an act; with more, each is tried with every kind of fault
ALONE = {  # each commits a transaction of its own
    "POST /admin/people/victim/password",  # the password is made before it
    "POST /profile/tokens",  # a secret is never kept as the answer to a repeated request
}


@dataclass
class Bench:
    """The centre, and its people's browsers and programs."""

    app: Any
    world: World
    clients: dict[str, Any]
    tokens: dict[str, str]
    programs: dict[str, Any]
    wrong: list[str] = field(default_factory=list)
    begun: Dump = field(default_factory=dict)

    def unchanged(self, said: str) -> None:
        """What the tables hold is what they held when the test began."""
        now = holding()
        if found := difference(self.begun, now):
            self.wrong.append(f"{said}: something was kept: {found}"[:600])
            self.begun = now

    def commits(self) -> "Commits":
        return Commits(self.app.extensions["spiral.database"])


class Commits:
    """Counts what was really committed inside the block."""

    def __init__(self, database: Database) -> None:
        self.database, self.count = database, 0

    def _note(self, connection: Any) -> None:
        self.count += 1

    def __enter__(self) -> "Commits":
        sa.event.listen(self.database.writer, "commit", self._note)
        return self

    def __exit__(self, *_: Any) -> None:
        sa.event.remove(self.database.writer, "commit", self._note)


@pytest.fixture
def bench(app: Any, make: Any, signed_in: Any, api: Any) -> Bench:
    app.config["PROPAGATE_BUGS"] = False
    world = World(make)
    clients, tokens = browsers(app, world, signed_in)
    found = Bench(app, world, clients, tokens, scripts(world, api))
    found.begun = holding()
    return found


def holding() -> Dump:
    """What the tables hold, but for the throttles: a call that failed was made, and counts."""
    return dump(without=frozenset({"throttles"}), numbers=True)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def requests(bench: Bench) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(what, how) for every row of the table in which somebody writes and may."""
    for row, method, path, rule in rows(bench.app):
        who = [name for name, letter in zip(PEOPLE, row.expected.replace(" ", ""), strict=True) if letter == "o"]
        if method not in UNSAFE or not who or row.asked in ALONE or rule == "/logout":
            continue
        scripted = rule.startswith("/api/v1/")
        client = (bench.programs if scripted else bench.clients)[who[0]]
        filled, body = path.format(**vars(bench.world)), filled_in(row.body, bench.world)
        yield row.asked, functools.partial(ask, client, bench.tokens.get(who[0]), method, filled, body)


def request_fails(bench: Bench, said: str, call: Callable[[], Any], chance: random.Random, most: int) -> None:
    with faults(bench.app) as clean:
        first = call()
    length = len(clean.statements)
    if first.status_code >= 400 or not length:
        bench.wrong += [f"{said}: {first.status_code}"] if first.status_code >= 400 else []
        return
    for at in sorted(chance.sample(range(1, length + 1), min(most, length))):
        statement = clean.statements[at - 1]
        kinds = sorted(ERRORS) if statement.startswith(("INSERT", "UPDATE", "DELETE")) else ["away", "full"]
        for kind in kinds if most > SAMPLE else [chance.choice(kinds)]:
            after = chance.random() < 0.5
            with faults(bench.app, at=at, error=ERRORS[kind], after=after) as seen, bench.commits() as commits:
                answer = call()
            met = seen.statements[at - 1][:80] if seen.met else ""  # not always that of the time without a fault
            about = f"{said}, {kind} {'after' if after else 'at'} {at} of {length}: {met!r}"
            if seen.met and answer.status_code not in REFUSED[kind]:
                bench.wrong.append(f"{about}: answered {answer.status_code}")
            if seen.met and commits.count > 1:
                bench.wrong.append(f"{about}: {commits.count} commits")
    again = call()
    if again.status_code != first.status_code:
        bench.wrong.append(f"{said}: {first.status_code} before the faults, {again.status_code} after them")


def commit_fails(bench: Bench, said: str, call: Callable[[], Any], kept: Callable[[Any], Any]) -> None:
    """The last moment: everything is written, and the commit does not happen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web, "_kept", kept)
        with faults(bench.app, at=COMMIT) as seen:
            answer = call()
    if seen.met and answer.status_code != 507:
        bench.wrong.append(f"{said}, at the commit: answered {answer.status_code}")


def every_request(bench: Bench, *, rows_of: float, most: int, part: slice = ALL) -> None:
    kept, chance = web._kept, random.Random(SEED)
    with pytest.MonkeyPatch.context() as patch:
        keep_nothing(patch)
        patch.setattr(counting, "shared", lambda *_about: 0)  # lets everybody through when it fails: see test_counting
        for said, call in list(requests(bench))[part]:
            if chance.random() < rows_of:
                request_fails(bench, said, call, chance, most)
                commit_fails(bench, said, call, kept)
                if most > SAMPLE:
                    bench.unchanged(said)
    bench.unchanged("all requests")
    assert not bench.wrong, "\n".join(bench.wrong)


@pytest.mark.soak
@pytest.mark.both_databases
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_fault_at_every_statement_of_every_request(bench: Bench, part: int) -> None:
    every_request(bench, rows_of=1.1, most=10_000, part=slice(part, None, PARTS))


# ── ops ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def act_fails(bench: Bench, name: str, chance: random.Random, most: int) -> None:
    act = acts.ACTS[name]
    try:
        with faults(bench.app) as clean, writing():
            act(bench.world)
            session.flush()
            session.rollback()
    except Exception as error:  # noqa: BLE001 - the act must go through without faults, or it shows nothing
        bench.wrong.append(f"{name}: {type(error).__name__}: {error} without a fault"[:400])
        return
    length = len(clean.statements)
    wanted = sorted({*chance.sample(range(1, length + 1), min(most, length)), length + 1})
    for at in wanted:  # the last of them is the commit
        error = ERRORS[chance.choice(sorted(ERRORS))]
        try:
            with faults(bench.app, at=at, error=error) as seen, writing():
                act(bench.world)
        except Exception as found:  # noqa: BLE001 - which one is the op's affair
            if not seen.met:
                bench.wrong.append(f"{name}: {type(found).__name__}: {found} without a fault")
        else:
            bench.wrong.append(f"{name}, {error.__name__} at {at} of {length}: swallowed")
        if most > SAMPLE:
            bench.unchanged(f"{name} at {at}")


def every_act(bench: Bench, *, most: int, part: slice = ALL) -> None:
    chance = random.Random(SEED)
    for name in list(acts.ACTS)[part]:
        act_fails(bench, name, chance, most)
    bench.unchanged("all acts")
    assert not bench.wrong, "\n".join(bench.wrong)


@pytest.mark.soak
@pytest.mark.both_databases
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_a_fault_at_every_statement_of_every_op(bench: Bench, part: int) -> None:
    every_act(bench, most=10_000, part=slice(part, None, 4))


def test_a_fault_anywhere_leaves_nothing_and_no_op_is_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    every_request(bench, rows_of=0.3, most=2)
    every_act(bench, most=2)
    no_op_is_left_out(bench, monkeypatch)


def no_op_is_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new op is reached by a request of the table of rights, or has an act in ``acts.py``."""
    reached: set[str] = set()

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*words: Any, **about: Any) -> Any:
            reached.add(name)
            return function(*words, **about)

        return call

    found = acts.ops()
    wrappers = {function: noted(name, function) for name, function in found.items()}
    ours = [m for name, m in sys.modules.items() if name.split(".")[0] in {"core", "accounts", "workflows", "wiki"}]
    for module in ours:
        for name, thing in list(vars(module).items()):
            if isinstance(thing, types.FunctionType) and thing in wrappers:
                monkeypatch.setattr(module, name, wrappers[thing])
    keep_nothing(monkeypatch)
    for _said, call in requests(bench):
        call()
    assert set(found) - reached - set(acts.ACTS) - acts.READS == set()
    assert set(acts.ACTS) | acts.READS <= set(found)
    assert reached & set(acts.ACTS) == set(), "a request reaches it: it needs no act"
