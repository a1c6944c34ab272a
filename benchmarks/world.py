"""A centre of any size, written in bulk and always the same: people, articles, open reviews, a ledger, an index.

The rows are those that the product's own verbs would leave; only the verbs are skipped, which would take hours.
"""

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from accounts.identity import new_token, token_hash
from accounts.models import ApiToken, LoginSession, Team, User, UserRole
from core import clock, migrate
from core.db import Base, Database, reading
from core.folding import folded_title
from core.settings import load
from tests.support.server import Server
from wiki.app import create_app
from wiki.articles.models import Article, Publication, Revision, Submission, SubmissionAuthor
from wiki.articles.pipelines import DEFAULT_PIPELINES
from wiki.articles.rules import digest
from wiki.demo.content import Library
from wiki.feedback.models import Feedback
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.search import service
from workflows.models import Decision, Pipeline, Review, ReviewAuthor, Round, RoundPerson, Task
from workflows.rules import Bar, State, TaskState, Verb

KIND = "script"
STAGES = tuple(stage.key for stage in DEFAULT_PIPELINES[KIND].stages)
REVIEWERS = 50  # people who may take any seat
REPS = 1000
CHUNK = 10_000

Rows = Iterable[dict[str, Any]]


@dataclass
class Centre:
    """One folder with everything in it, and how to be somebody there."""

    var: Path
    app: Flask
    articles: int
    reviews: int
    entries: int
    slugs: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        found: Database = self.app.extensions["spiral.database"]
        return found

    def cookie(self, username: str) -> str:
        """The Cookie header of a browser in which this person has just signed in."""
        token = new_token()
        now = clock.now()
        with self.database.writer.begin() as connection:
            user_id = connection.scalar(sa.select(User.id).where(User.username == username))
            row = {"token_hash": token_hash(token), "user_id": user_id, "created_at": now, "seen_at": now}
            connection.execute(sa.insert(LoginSession), row)
        signer: Any = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        value = signer.dumps({"_user_id": token, "_fresh": True, "csrf_token": "0" * 40})
        return f"{self.app.config['SESSION_COOKIE_NAME']}={value}"

    def bearer(self, username: str) -> str:
        """The Authorization header of a program of this person's."""
        token = new_token()
        with self.database.writer.begin() as connection:
            user_id = connection.scalar(sa.select(User.id).where(User.username == username))
            row = {"token_hash": token_hash(token), "user_id": user_id, "name": "", "created_at": clock.now()}
            connection.execute(sa.insert(ApiToken), row)
        return f"Bearer {token}"

    def serve(self) -> Server:
        """The product's own server on this folder, as a process of its own."""
        self.database.close()
        return Server(self.var, SPIRAL_DEMO="0", SPIRAL_LOCALE="zh_Hans", SPIRAL_LOG_LEVEL="WARNING").start()


def build(var: Path, *, articles: int, reviews: int, entries: int, indexed: bool = True) -> Centre:
    """Make a centre in an empty folder: so many published articles, open reviews and entries of the ledger."""
    app = create_app(load({"var": var, "demo": False}, environ={}))
    migrate.bring_up(app)
    centre = Centre(var, app, articles, reviews, entries)
    maker = _Maker(centre)
    maker.people()
    maker.published(articles)
    maker.open_reviews(reviews)
    maker.ledger(entries)
    if indexed:
        with app.app_context(), reading():
            service.reindex()
    return centre


class Words:
    """Chinese text without end: sentences of the demo, shuffled, with names that nobody has heard."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        bodies = "\n".join(text.body for text in Library().texts)
        self.lines = [line for line in bodies.splitlines() if len(line) > 12]
        self.signs = sorted({sign for sign in bodies if "\u4e00" <= sign <= "\u9fff"})
        self.names = ["".join(self.chance.choices(self.signs, k=self.chance.randint(2, 4))) for _ in range(20_000)]

    def title(self) -> str:
        line = self.chance.choice(self.lines).strip("#-*| 。")
        return f"{self.chance.choice(self.names)}{line[: self.chance.randint(6, 16)]}"

    def body(self, characters: int = 300) -> str:
        out: list[str] = []
        while sum(map(len, out)) < characters:
            out.append(self.chance.choice(self.lines))
            out.append(f"{self.chance.choice(self.names)}，{self.chance.choice(self.names)}。")
        return "\n\n".join(out)


class _Maker:
    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.words = Words()
        self.chance = self.words.chance
        self.now = clock.now()
        self.submission = itertools.count(1)
        self.reviewers: list[int] = []
        self.reps: list[int] = []
        with centre.database.reader.connect() as connection:
            row = connection.execute(sa.select(Pipeline).where(Pipeline.key == KIND)).one()
            self.pipeline_id, self.document = row.id, row.document
            self.rule = connection.execute(sa.select(ScoringRule).where(ScoringRule.points > 0)).first()

    def put(self, kind: type[Base], rows: Rows) -> None:
        with self.centre.database.writer.begin() as connection:
            waiting = iter(rows)
            while chunk := list(itertools.islice(waiting, CHUNK)):
                connection.execute(sa.insert(kind), chunk)

    def people(self) -> None:
        self.put(Team, ({"id": n, "slug": f"team{n}", "name": f"{n} 班"} for n in range(1, 51)))
        names = [f"reviewer{n}" for n in range(REVIEWERS)] + [f"rep{n}" for n in range(REPS)] + ["boss"]
        self.put(
            User,
            (
                {
                    "id": n,
                    "username": name,
                    "name": f"员工{n}",
                    "team_id": n % 50 + 1,
                    "created_at": self.now,
                    "active": True,
                }
                for n, name in enumerate(names, 1)
            ),
        )
        self.reviewers = list(range(1, REVIEWERS + 1))
        self.reps = list(range(REVIEWERS + 1, REVIEWERS + REPS + 1))
        roles = [(n, role) for n in self.reviewers for role in STAGES]
        roles += [(n, "rep") for n in self.reps] + [(len(names), "manager"), (len(names), "admin")]
        self.put(UserRole, ({"user_id": user_id, "role": role} for user_id, role in roles))

    # ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def published(self, count: int) -> None:
        ids = range(1, count + 1)
        for n in ids:
            self.centre.titles.append(self.words.title())
            self.centre.slugs.append(f"text-{n}")
        at = [self.now - timedelta(minutes=count - n) for n in range(count)]
        self._submissions(count, at, published=True)
        self._trails(count, at, done=True)
        self.put(Publication, ({**self._version(n), "published_at": at[n - 1]} for n in ids))
        self.put(
            Feedback,
            (
                {
                    "article_id": n, "revision_id": n, "user_id": reader, "helpful": True, "turn": 1, "at": self.now,
                    "author_ids": [self._author(n)],
                }
                for n in ids[:2000] for reader in self.chance.sample(self.reps, 5)
            ),
        )  # fmt: skip

    def _version(self, n: int) -> dict[str, Any]:
        return {
            "article_id": n, "submission_id": n, "revision_id": n, "major": 1, "minor": 0, "significance": "major",
        }  # fmt: skip

    def _author(self, n: int) -> int:
        return self.reps[n % REPS]

    def _submissions(self, count: int, at: list[Any], *, published: bool) -> None:
        """Rows 1 … count, or those after the published ones, with their only revision."""
        first = 1 if published else self.centre.articles + 1
        numbers = range(first, first + count)
        titles = self.centre.titles if published else [self.words.title() for _ in numbers]
        bodies = (self.words.body(300 if published else 60) for _ in numbers)
        if published:
            self.put(
                Article,
                (
                    {
                        "id": n, "slug": f"text-{n}", "kind": KIND, "title": titles[n - 1], "audience": "internal",
                        "folded_title": folded_title(titles[n - 1]),
                        "owner_id": self._author(n), "live": False, "revision_id": None, "major": 1, "minor": 0,
                        "created_at": at[n - 1], "published_at": at[n - 1], "updated_at": at[n - 1],
                    }
                    for n in numbers
                ),
            )  # fmt: skip
        self.put(
            Submission,
            (
                {
                    "id": n, "kind": KIND, "article_id": n if published else None, "author_id": self._author(n),
                    "state": "published" if published else "in_review", "significance": "major", "created_at": when,
                    "updated_at": when, "submitted_at": when, "closed_at": when if published else None,
                }
                for n, when in zip(numbers, at, strict=True)
            ),
        )  # fmt: skip
        self.put(SubmissionAuthor, ({"submission_id": n, "user_id": self._author(n)} for n in numbers))
        self.put(Revision, map(self._revision, numbers, titles, bodies, at))
        with self.centre.database.writer.begin() as connection:
            some = Submission.id.between(first, first + count - 1)
            connection.execute(sa.update(Submission).where(some).values(head_revision_id=Submission.id))
            if published:
                connection.execute(sa.update(Article).values(revision_id=Article.id, live=True))

    def _revision(self, n: int, title: str, body: str, at: Any) -> dict[str, Any]:
        fields = {
            "scenario": self.words.body(40), "say": self.words.body(120), "avoid": self.words.body(30),
            "branches": [{"when": "还是不满意", "say": "我理解您的心情。", "next": "转二线"}],
        }  # fmt: skip
        return {
            "id": n, "submission_id": n, "number": 1, "kind": KIND, "title": title, "body": body, "fields": fields,
            "tags": [], "services": [], "audience": "internal", "readers": [], "author_id": self._author(n),
            "created_at": at, "digest": digest(title, body, fields),
        }  # fmt: skip

    # ── reviews ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def open_reviews(self, count: int) -> None:
        """A quarter of them waits in each stage; those before it approved."""
        at = [self.now - timedelta(minutes=n % 3000) for n in range(count)]
        self._submissions(count, at, published=False)
        self._trails(count, at, done=False)

    def _trails(self, count: int, at: list[Any], *, done: bool) -> None:
        first = 1 if done else self.centre.articles + 1
        numbers = list(zip(range(first, first + count), at, strict=True))

        def stage(n: int) -> int:
            return len(STAGES) if done else n % len(STAGES)

        self.put(
            Review,
            (
                {
                    "id": n, "subject_kind": "submission", "subject_id": n, "topic": KIND, "title": f"申报 {n}",
                    "pipeline_id": self.pipeline_id, "document": self.document, "round_number": 1, "opened_at": when,
                    "state": State.APPROVED if done else State.IN_REVIEW,
                    "stage": None if done else STAGES[stage(n)], "closed_at": when if done else None,
                }
                for n, when in numbers
            ),
        )  # fmt: skip
        self.put(ReviewAuthor, ({"review_id": n, "user_id": self._author(n)} for n, _when in numbers))
        self.put(Round, ({"id": n, "review_id": n, "number": 1, "revision_id": n, "opened_at": w} for n, w in numbers))
        self.put(Task, (row for n, when in numbers for row in self._tasks(n, when, stage(n))))
        self.put(Decision, (row for n, when in numbers for row in self._decisions(n, when, stage(n))))
        if not done:
            acted = (row for n, when in numbers for row in self._decisions(n, when, stage(n)))
            people = ({"round_id": d["round_id"], "user_id": d["actor_id"], "bar": Bar.ACTED} for d in acted)
            self.put(RoundPerson, people)

    def _tasks(self, n: int, at: Any, stage: int) -> Iterator[dict[str, Any]]:
        for place, key in enumerate(STAGES[: stage + 1]):
            closed = place < stage
            yield {
                "id": n * 10 + place, "review_id": n, "round_id": n, "stage": key, "seat": key, "role": key,
                "state": TaskState.DONE if closed else TaskState.OPEN, "version": 2 if closed else 1,
                "revision_id": n, "opened_at": at, "due_at": at + timedelta(hours=24),
                "closed_at": at if closed else None, "needed": 1, "blind": False, "named": False,
            }  # fmt: skip

    def _decisions(self, n: int, at: Any, stage: int) -> Iterator[dict[str, Any]]:
        for place, key in enumerate(STAGES[:stage]):
            yield {
                "review_id": n, "round_id": n, "task_id": n * 10 + place, "revision_id": n, "stage": key, "seat": key,
                "actor_id": self.reviewers[(n + place) % REVIEWERS], "verb": Verb.APPROVE, "checklist": {},
                "decided_at": at,
            }  # fmt: skip

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────

    def ledger(self, count: int) -> None:
        """One act each, spread over a thousand people and the last twelve months."""

        def day(n: int) -> Any:
            return (self.now - timedelta(minutes=n * 525_600 // max(1, count))).date()

        def shared(n: int) -> dict[str, Any]:
            return {
                "id": n, "event": "article.accepted", "source_kind": "submission", "source_id": n % 5000 + 1,
                "source": f"made:{n}", "at": self.now, "day": day(n), "period": f"{day(n):%Y-%m}", "details": {},
            }  # fmt: skip

        numbers = range(1, count + 1)
        self.put(
            ScoringAct,
            (
                {**shared(n), "people": [self._author(n)], "amount": Decimal(1), "recorded_at": self.now}
                for n in numbers
            ),
        )
        rule = self.rule
        assert rule is not None
        self.put(
            LedgerEntry,
            (
                {
                    **shared(n), "act_id": n, "user_id": self._author(n), "rule_id": rule.id, "rule": rule.code,
                    "unit": "points", "points": Decimal(2), "uncapped": Decimal(2), "multiplier": Decimal(1),
                }
                for n in numbers
            ),
        )  # fmt: skip
