"""A rolling restart across a migration: the program of the release before works on the tables of this one.

The rule is in ``migrations/oldest.py``. It is held twice: the tables are compared column by column, and the old program
itself is taken out of the history and run on the migrated database, beside the new one.
"""

import http.client
import json
import random
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import migrate
from core.settings import ROOT, load
from migrations import oldest
from tests.reliability.sites import Visitor, until
from tests.support.history import program_before
from tests.support.server import Server
from wiki.app import create_app

Tables = dict[str, dict[str, dict[str, Any]]]


Unique = dict[str, set[tuple[str, ...]]]
Rules = dict[str, dict[str, set[tuple[str, ...]]]]


def tables_of(engine: sa.Engine) -> tuple[Tables, Unique, Rules]:
    """Every column of every table, what must be unique, what is checked, and what must be there elsewhere."""
    look = sa.inspect(engine)
    columns = {name: {one["name"]: dict(one) for one in look.get_columns(name)} for name in look.get_table_names()}
    unique: Unique = {}
    rules: Rules = {}
    for name in columns:
        found = [one["column_names"] for one in look.get_unique_constraints(name)]
        found += [one["column_names"] for one in look.get_indexes(name) if one["unique"]]
        unique[name] = {tuple(sorted(filter(None, one))) for one in found}
        checks = {(" ".join(str(one["sqltext"]).split()),) for one in look.get_check_constraints(name)}
        points = {
            (one["referred_table"], *one["constrained_columns"]) for one in look.get_foreign_keys(name)
        }  # fmt: skip
        rules[name] = {"check": checks, "points": points}
    return columns, unique, rules


def narrowed(was: Any, now: Any) -> bool:
    """What fitted into the old type may not fit into the new one."""
    if isinstance(was, sa.String) and isinstance(now, sa.String):
        return now.length is not None and (was.length is None or now.length < was.length)
    if isinstance(was, sa.Integer) and isinstance(now, sa.Integer):
        return isinstance(was, sa.BigInteger) and not isinstance(now, sa.BigInteger)
    return str(was) != str(now)


def loosened(was: str, now: str) -> bool:
    """The same check with more words allowed in its list."""
    lists, words = r"'[^']*'(?:\s*,\s*'[^']*')*", r"'([^']*)'"
    same = re.sub(lists, "?", was) == re.sub(lists, "?", now) and " IN " in now and " NOT IN " not in now
    return same and set(re.findall(words, was)) <= set(re.findall(words, now))


def hurts(before: tuple[Tables, Unique, Rules], after: Any) -> list[str]:
    """What a program that knows the tables ``before`` would stumble over."""
    (old, old_unique, old_rules), (new, new_unique, new_rules) = before, after
    found = [f"{table} is gone" for table in old if table not in new]
    for table in old.keys() & new.keys():
        found += [f"{table}.{name} is gone" for name in old[table] if name not in new[table]]
        for name, column in new[table].items():
            was = old[table].get(name)
            if was is None and not column["nullable"] and column["default"] is None:
                found.append(f"{table}.{name} is new and must be given")
            if was is not None and was["nullable"] and not column["nullable"]:
                found.append(f"{table}.{name} could be empty and must be given now")
            if was is not None and narrowed(was["type"], column["type"]):
                found.append(f"{table}.{name} was {was['type']} and is {column['type']}")
        for (text,) in new_rules[table]["check"] - old_rules[table]["check"]:
            # one that names a new column, too, may hold as long as that is empty: the old program itself shows it
            named = {name for name in new[table] if re.search(rf"\b{re.escape(name)}\b", text)}
            if (
                named
                and named <= set(old[table])
                and not any(loosened(was, text) for (was,) in old_rules[table]["check"])
            ):
                found.append(f"{table} is checked now: {text}")
        for other, *by in new_rules[table]["points"] - old_rules[table]["points"]:
            if set(by) <= set(old[table]):
                found.append(f"{table}.{', '.join(by)} must be in {other} now")
        asked = new_unique[table] - old_unique[table]
        found += [f"{table} must be unique in {', '.join(one)}" for one in asked if set(one) <= set(old[table])]
    return sorted(found)


def test_the_release_before_works_on_the_tables_of_this_one(tmp_path: Path) -> None:
    app = create_app(load({"var": tmp_path}, environ={}))
    database = app.extensions["spiral.database"]
    migrate.upgrade(database, oldest.OLDEST)
    before = tables_of(database.reader)
    migrate.upgrade(database)
    assert hurts(before, tables_of(database.reader)) == []
    assert oldest.OLDEST in migrate.suited(migrate.head())
    database.close()


@pytest.mark.parametrize(
    ("change", "hurt"),
    [
        ("DROP TABLE drafts", "drafts is gone"),
        ("ALTER TABLE texts DROP COLUMN body", "texts.body is gone"),
        ("ALTER TABLE texts RENAME COLUMN body TO words", "texts.body is gone"),
        ("ALTER TABLE texts ADD COLUMN kind TEXT NOT NULL DEFAULT 'faq'", ""),
        ("ALTER TABLE texts ADD COLUMN kind TEXT", ""),
        ("CREATE UNIQUE INDEX one ON texts (title)", "texts must be unique in title"),
        ("CREATE TABLE more (id INTEGER PRIMARY KEY, what TEXT NOT NULL)", ""),
    ],
)
def test_what_would_hurt_is_noticed(change: str, hurt: str) -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE texts (id INTEGER PRIMARY KEY, title TEXT, body TEXT)")
        connection.exec_driver_sql("CREATE TABLE drafts (id INTEGER PRIMARY KEY)")
    before = tables_of(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
    assert hurts(before, tables_of(engine)) == ([hurt] if hurt else [])


@pytest.mark.parametrize(
    ("change", "hurt"),
    [
        ("id INTEGER PRIMARY KEY, state VARCHAR(20), kind VARCHAR(9) CHECK (kind IN ('a', 'b'))", ""),
        ("id INTEGER PRIMARY KEY, state TEXT, kind VARCHAR(9) CHECK (kind IN ('a', 'b', 'c'))", ""),
        ("id INTEGER PRIMARY KEY, state VARCHAR(8), kind VARCHAR(9) CHECK (kind IN ('a', 'b'))",
         "texts.state was VARCHAR(20) and is VARCHAR(8)"),
        ("id INTEGER PRIMARY KEY, state INTEGER, kind VARCHAR(9) CHECK (kind IN ('a', 'b'))",
         "texts.state was VARCHAR(20) and is INTEGER"),
        ("id INTEGER PRIMARY KEY, state VARCHAR(20), kind VARCHAR(9) CHECK (kind IN ('a'))",
         "texts is checked now: kind IN ('a')"),
        ("id INTEGER PRIMARY KEY, state VARCHAR(20) CHECK (state > 'x'), kind VARCHAR(9) CHECK (kind IN ('a', 'b'))",
         "texts is checked now: state > 'x'"),
        ("id INTEGER PRIMARY KEY, state VARCHAR(20) REFERENCES other (name), kind VARCHAR(9)",
         "texts.state must be in other now"),
        ("id INTEGER PRIMARY KEY, state VARCHAR(20), kind VARCHAR(9), more INTEGER NOT NULL",
         "texts.more is new and must be given"),
        ("id INTEGER PRIMARY KEY, state VARCHAR(20), kind VARCHAR(9), more INTEGER REFERENCES other (name)", ""),
    ],
)  # fmt: skip
def test_a_narrower_rule_is_noticed(change: str, hurt: str) -> None:
    """Smaller types, new or tighter checks and new references hurt who knows nothing of them; wider ones do not."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    was = "id INTEGER PRIMARY KEY, state VARCHAR(20), kind VARCHAR(9) CHECK (kind IN ('a', 'b'))"
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE other (name VARCHAR(20) PRIMARY KEY)")
        connection.exec_driver_sql(f"CREATE TABLE texts ({was})")
    before = tables_of(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE texts")
        connection.exec_driver_sql(f"CREATE TABLE texts ({change})")
    assert hurts(before, tables_of(engine)) == ([hurt] if hurt else [])


# ── the old program itself ───────────────────────────────────────────────────────────────────────────────────────────

JUDGES = ("business", "qa", "training", "supervisor", "manager")
PEOPLE = f"""
import json
JUDGES = {JUDGES}
from wiki.app import create_app
from core.db import writing
from tests.make import Make
app, make = create_app(), Make()
with app.app_context(), writing():
    people = {{role: make.user(role, username=role) for role in ("rep", *JUDGES)}}
    print("TOLD " + json.dumps({{role: make.token(user) for role, user in people.items()}}))
"""


@pytest.fixture
def old_tree(tmp_path: Path) -> Path:
    """The program of the release before, out of the history."""
    return program_before(tmp_path / "old")


class Old(Server):
    """A server of another tree."""

    tree = ROOT

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *words], cwd=self.tree, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=self.log.open("ab"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def begun(var: Path, tree: Path, **shared: str) -> Old:
    settings = {"SPIRAL_DEMO": "0", "SPIRAL_LOCALE": "en", "SPIRAL_ALLOW_UNSAFE_DATABASE": "1"}
    server = Old(var, SPIRAL_SECRET_KEY="k" * 40, **settings, **shared)
    server.tree = tree
    if tree == ROOT:
        server.environment["SPIRAL_FILES_URL"] = f"file://{var.parent}/files"  # one folder that all machines see
    else:
        del server.environment["SPIRAL_RATE"]  # the release before does not know it, and says so
    server.process = server.run("-m", "wiki.serve")
    until(server.healthy, f"the server of {tree} answers")
    return server


Start = Callable[[str, Path], Old]


@pytest.fixture
def start(tmp_path: Path, new_postgres: Callable[..., str], meilisearch_url: str) -> Iterator[Start]:
    """The way to start a machine with a program, on one database and index; none of them runs afterwards."""
    shared = {"SPIRAL_DATABASE_URL": new_postgres(), "SPIRAL_SEARCH_URL": meilisearch_url}
    made = list[Old]()

    def one(name: str, tree: Path) -> Old:
        made.append(begun(tmp_path / f"var-{name}", tree, **shared))
        return made[-1]

    yield one
    for server in made:
        server.kill()


def people(program: Old) -> dict[str, str]:
    """A token of everybody who is needed, made by this program."""
    done = subprocess.run(
        [sys.executable, "-c", PEOPLE], cwd=program.tree, env=program.environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    told = re.search(r"^TOLD (.*)$", done.stdout, re.M)
    assert told, done.stderr
    return dict(json.loads(told[1]))


def call(server: Server, token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    sent = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(f"{server.base}/api/v1{path}", sent, head, method=method)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def rows(server: Server, token: str, path: str) -> Iterator[dict[str, Any]]:
    """Every row of a list, page by page."""
    cursor = ""
    while cursor is not None:
        page = call(server, token, "GET", f"{path}{'&' if '?' in path else '?'}limit=200&cursor={cursor}")
        yield from page["items"]
        cursor = page["next"]


def through_a_review(tokens: dict[str, str], title: str, writes: Server, judges: Server) -> str:
    """A text written at one server and judged at the other; its slug."""
    fields = {"question": f"{title}?", "answer": "Ask for the form."}
    text = {"kind": "faq", "title": title, "body": "Ask for the form.", "fields": fields}
    made = call(writes, tokens["rep"], "POST", "/submissions", text)
    call(writes, tokens["rep"], "POST", f"/submissions/{made['id']}/submit", {})
    for _stage in range(6):
        for role in JUDGES:
            for task in rows(judges, tokens[role], "/reviews?state=open"):
                if task["submission"] == made["id"]:
                    decision = {"verb": "approve", "version": task["version"]}
                    call(judges, tokens[role], "POST", f"/reviews/{task['id']}/decisions", decision)
    shown = call(writes, tokens["rep"], "GET", f"/submissions/{made['id']}")
    assert shown["state"] in {"approved", "published"}, shown
    found = [one for one in rows(writes, tokens["rep"], "/articles") if one["title"] == title]
    return str(found[0]["slug"])


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_the_old_program_serves_on_while_the_new_one_begins(start: Start, old_tree: Path) -> None:
    old = start("old", old_tree)
    tokens = people(old)
    before = through_a_review(tokens, "Before the migration", old, old)
    new = start("new", ROOT)  # migrates, and serves beside the old one
    through_a_review(tokens, "Written at the old one", old, new)
    through_a_review(tokens, "Judged at the old one", new, old)
    slug = through_a_review(tokens, "All at the old one", old, old)
    call(old, tokens["rep"], "POST", f"/articles/{slug}/feedback", {"helpful": True, "used_in_call": True})
    visitor = Visitor()
    visitor.sign_in(old.base, "rep")
    pages = ["/", "/reviews", f"/articles/{before}", f"/articles/{slug}/history", "/scorecard", "/ledger", "/courses"]
    for page in [*pages, "/search?q=form", "/new/faq"]:
        assert visitor.ask(old.base, page)[0] == 200, f"{page} at the old one: {old.tail()}"
    assert visitor.is_in(new.base)
    assert call(new, tokens["rep"], "GET", f"/articles/{slug}")["title"] == "All at the old one"
    assert "Traceback" not in old.log.read_text("utf-8"), old.tail()
    if "suited_programs" in (old.tree / "core" / "migrate.py").read_text("utf-8"):
        assert Visitor().ask(old.base, "/readyz")[0] == 200, "it stays in service until it is restarted"


@dataclass
class Load:
    """Reps at work on a site of several machines: where one does not take them, they are led to the next.

    That is what ``deploy/nginx.conf`` does. Whoever is answered at all must be answered well.
    """

    machines: list[Old]
    token: str
    wrong: list[str] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)  # number of a submission by its key
    answered: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            machine = random.choice(self.machines)
            try:
                said = call(machine, self.token, method, path, body, **headers)
            except urllib.error.HTTPError as error:
                self.wrong.append(f"{method} {path}: {error.code} {error.read()[:200]!r}")
                return None
            except http.client.IncompleteRead as error:
                self.wrong.append(f"{method} {path}: cut off, {error}")
                return None
            except OSError:  # it is being replaced
                time.sleep(0.05)
                continue
            self.answered[machine.base] += 1
            return said
        self.wrong.append(f"{method} {path}: nobody took it")
        return None

    def work(self, who: int) -> None:
        turn = 0
        while not self.over.is_set():
            turn += 1
            key = f"rep-{who}-{turn}"
            fields = {"question": f"{key}?", "answer": "Ask for the form."}
            text = {"kind": "faq", "title": key, "body": "Ask for the form.", "fields": fields}
            made = self.ask("POST", "/submissions", text, **{"Idempotency-Key": key})
            if made:
                self.made[key] = made["id"]
                self.ask("POST", f"/submissions/{made['id']}/submit", {}, **{"Idempotency-Key": f"{key}-in"})
                self.ask("GET", f"/submissions/{made['id']}")
            self.ask("GET", "/search?q=form")
            self.ask("GET", "/notices")


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_machines_are_replaced_one_after_the_other_across_a_migration(start: Start, old_tree: Path) -> None:
    """Under load two machines with the program of the release before make room, one by one, for two with this one."""
    first = start("one", old_tree)
    tokens = people(first)
    load = Load([first, start("two", old_tree)], tokens["rep"])
    before = [machine.base for machine in load.machines]
    reps = [threading.Thread(target=load.work, args=(who,)) for who in range(6)]
    for rep in reps:
        rep.start()
    for place, name in enumerate(("one", "two")):
        time.sleep(10)
        assert load.machines[place].stop() == 0, load.machines[place].tail()
        load.machines[place] = start(name, ROOT)  # in the folder of the one before; the first of them migrates
    time.sleep(10)
    load.over.set()
    for rep in reps:
        rep.join()
    through_a_review(tokens, "Afterwards", *load.machines)
    assert load.wrong == []
    shown = {
        key: call(load.machines[0], tokens["rep"], "GET", f"/submissions/{number}") for key, number in load.made.items()
    }
    assert {key: one["title"] for key, one in shown.items()} == {key: key for key in load.made}
    assert {one["state"] for one in shown.values()} == {"in_review"}
    assert len(set(load.made.values())) == len(load.made) > 50
    assert all(load.answered[base] for base in [*before, *(machine.base for machine in load.machines)]), load.answered
    for machine in load.machines:  # each wrote into the log of the one before
        assert "Traceback" not in machine.log.read_text("utf-8"), machine.tail()
