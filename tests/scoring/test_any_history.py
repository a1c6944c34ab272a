"""Whatever happens in whatever order: the ledger is what a replay gives, a closed month never changes, and the points
of an act that is divided, taken back and given again always sum to what the act pays."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wiki.scoring
from core import clock
from core.db import session
from core.errors import DomainError
from tests.make import Make
from wiki.scoring import dividing_ops, ops, queries, rebuilding, registry, ruling
from wiki.scoring.models import LedgerEntry
from wiki.scoring.ruling import Terms

D = Decimal
BEGIN = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
EVENTS = ("article.accepted", "feedback.helpful", "quiz.passed")

numbers = st.integers(1, 6)
step = st.one_of(
    st.tuples(st.just("grant"), st.sampled_from(EVENTS), numbers,
              st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True), st.none() | st.integers(0, 100),
              st.integers(0, 40)),
    st.tuples(st.just("undo"), st.sampled_from(EVENTS), numbers),
    st.tuples(st.just("restore"), st.sampled_from(EVENTS), numbers),
    st.tuples(st.just("divide"), st.sampled_from(EVENTS), numbers, st.lists(st.integers(0, 9), min_size=4, max_size=4)),
    st.tuples(st.just("rule"), st.sampled_from(("accepted.product", "helpful", "quiz.passed")),
              st.decimals("0", "20", places=2), st.booleans(), st.booleans(),
              st.none() | st.decimals("0", "9", places=2), st.none() | st.decimals("0", "20", places=2),
              st.integers(0, 20)),
    st.tuples(st.just("end"), st.sampled_from(("helpful", "quiz.passed")), st.integers(0, 9)),
    st.tuples(st.just("later"), st.integers(1, 25)),
    st.tuples(st.just("close")),
    st.tuples(st.just("loss"), numbers),
)  # fmt: skip
story = st.lists(step, min_size=4, max_size=25)


class Book:
    """The real verbs, with months that close."""

    def __init__(self, make: Make) -> None:
        self.people = [make.user() for _ in range(4)]
        self.boss = make.actor("manager")
        self.at = BEGIN
        self.frozen: dict[str, list[Any]] = {}

    def tell(self, steps: list[Any]) -> None:
        for verb, *about in steps:
            with clock.fixed(self.at), suppress(DomainError):  # refused, and nothing has changed
                getattr(self, verb)(*about)
            self.check()

    def grant(self, event: str, n: int, who: list[int], score: int | None, back: int) -> None:
        ops.grant(
            event, source_kind="thing", source_id=n, people=[self.people[one].id for one in who], score=score,
            at=self.at - timedelta(days=back), variant="product" if event == "article.accepted" else "",
            shares=[3, 2, 1][: len(who)],
        )  # fmt: skip

    def undo(self, event: str, n: int) -> None:
        ops.undo(event, f"thing:{n}", why="void")

    def restore(self, event: str, n: int) -> None:
        ops.restore(event, f"thing:{n}", why="again")

    def divide(self, event: str, n: int, parts: list[int]) -> None:
        before = self.paid(event, n)
        first = queries.act_of(event, f"thing:{n}")
        shares = {user.id: part for user, part in zip(self.people, parts, strict=True)}
        dividing_ops.divide([first] if first is not None else [], shares)
        assert self.paid(event, n) == before

    def paid(self, event: str, n: int) -> Decimal:
        source = f"thing:{n}"
        rows = session.scalars(
            sa.select(LedgerEntry).where(
                LedgerEntry.event == event,
                sa.or_(LedgerEntry.source == source, LedgerEntry.source.startswith(f"{source}~"),
                       LedgerEntry.source.startswith(f"{source}#")),
            )
        )  # fmt: skip
        return sum((row.points for row in rows), D(0))

    def rule(self, code: str, worth: Decimal, quality: bool, split: bool, day: Any, month: Any, ahead: int) -> None:
        since = (self.at + timedelta(days=ahead)).date()
        ruling.change_rule(code, Terms(worth, quality, split, day, month), since=since, actor=self.boss)

    def end(self, code: str, ahead: int) -> None:
        ruling.end_rule(code, last=(self.at + timedelta(days=ahead)).date(), actor=self.boss)

    def later(self, days: int) -> None:
        self.at += timedelta(days=days)

    def close(self) -> None:
        month = (self.at.date().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        self.frozen.setdefault(month, self.of(month))

    def loss(self, n: int) -> None:
        """An entry that nobody can explain, as if somebody had written into the database; a rebuild mends it."""
        row = session.scalars(sa.select(LedgerEntry).order_by(LedgerEntry.id).offset(n).limit(1)).first()
        if row is not None and not registry.is_closed(row.period):
            columns = (c.key for c in sa.inspect(LedgerEntry).column_attrs if c.key != "id")
            copied = {key: getattr(row, key) for key in columns}
            count = session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry))
            session.add(LedgerEntry(**{**copied, "source": f"{row.source}#{900 + (count or 0)}", "points": D("0.37")}))
            session.flush()
            assert rebuilding.verify()
            rebuilding.rebuild()

    def of(self, month: str) -> list[Any]:
        rows = sa.select(LedgerEntry.id, LedgerEntry.user_id, LedgerEntry.points).where(LedgerEntry.period == month)
        return list(session.execute(rows.order_by(LedgerEntry.id)).all())

    def check(self) -> None:
        assert rebuilding.verify() == []
        for month, rows in self.frozen.items():
            assert self.of(month) == rows


@contextmanager
def apart(book: Book) -> Iterator[None]:
    """What happens here leaves nothing behind, and closes only its own months."""
    book.at, book.frozen = BEGIN, {}
    point = session.begin_nested()
    closed = book.frozen.__contains__
    registry.close_with(closed)
    try:
        yield
    finally:
        registry._closed.remove(closed)
        point.rollback()
        session.expire_all()


def tried(make: Make, examples: int) -> None:
    book = Book(make)
    session.flush()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(story)
    def always(steps: list[Any]) -> None:
        with apart(book):
            book.tell(steps)
            rebuilt = rebuilding.rebuild()
            assert rebuilt[1] == 0

    always()


@pytest.mark.timeout(600)
def test_after_any_history_the_ledger_is_what_a_replay_gives(db: Any, make: Make, engine: str) -> None:
    tried(make, 25 if engine.startswith("sqlite") else 4)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(6))
def test_after_very_many_histories(db: Any, make: Make, engine: str, part: int) -> None:
    tried(make, 250)


def test_no_float_comes_near_points() -> None:
    """In everything that makes points: no float by name, none as a number, and no true division but of decimals."""
    folder = Path(wiki.scoring.__file__).parent
    statistics = {"fairness.py", "findings.py", "fairness_views.py"}  # how likely something is; no points are made
    for path in sorted(folder.glob("*.py")):
        if path.name in statistics or path.name.startswith("boards"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Name) and node.id == "float"), f"{path.name}:{node.lineno}"
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                assert ast.unparse(node.left).startswith("Decimal("), f"{path.name}:{node.lineno}"
