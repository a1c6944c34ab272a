"""Definition and run are different tables; decisions are only ever added; a task is one seat in one round."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, enum_column
from workflows.definitions import Definition, Seat, Stage
from workflows.rules import Bar, Claim, Position, Reason, State, TaskState, Verb


@lru_cache(maxsize=500)
def _validated(document: str) -> Definition:
    return Definition.model_validate_json(document)


def definition_of(document: dict[str, Any]) -> Definition:
    """The validated definition of a stored document; there are few, and each is asked for many times."""
    return _validated(json.dumps(document, ensure_ascii=False))


class Pipeline(Base):
    """One version of a definition. At most one version per key is active; running reviews keep their own copy."""

    __tablename__ = "pipelines"
    __table_args__ = (
        sa.UniqueConstraint("key", "version"),
        sa.Index(
            "uq_pipelines_active_key",
            "key",
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(64))  # stays the same over all versions
    name: Mapped[str] = mapped_column(sa.String(120), default="")  # empty: the words for what it judges
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    @property
    def definition(self) -> Definition:
        """The validated definition."""
        return definition_of(self.document)


class Review(Base):
    """One run of a definition over one subject. ``state`` and ``stage`` repeat what the decisions say, for queries."""

    __tablename__ = "reviews"
    __table_args__ = (
        sa.CheckConstraint("(state = 'in_review') = (stage IS NOT NULL)", name="stage_only_in_review"),
        sa.Index(
            "uq_reviews_open_subject",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=sa.text("state IN ('in_review', 'returned')"),
            postgresql_where=sa.text("state IN ('in_review', 'returned')"),
        ),
        sa.Index("ix_reviews_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[int]
    topic: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str] = mapped_column(sa.String(300))  # as it read when last submitted, for lists
    pipeline_id: Mapped[int] = mapped_column(sa.ForeignKey("pipelines.id"))
    document: Mapped[dict[str, Any]]  # the definition it began with
    state: Mapped[State] = mapped_column(enum_column(State))
    stage: Mapped[str | None] = mapped_column(sa.String(64))
    round_number: Mapped[int] = mapped_column(default=0)
    category: Mapped[str | None] = mapped_column(sa.String(400))  # its path from the root, joined with '/'
    significance: Mapped[str | None] = mapped_column(sa.String(32))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    rounds: Mapped[list["Round"]] = relationship(order_by="Round.number", back_populates="review")
    authors: Mapped[list["ReviewAuthor"]] = relationship(lazy="selectin", cascade="all, delete-orphan")

    _definition = None  # the parsed document: a decision asks for it a dozen times

    @property
    def definition(self) -> Definition:
        """The frozen definition."""
        if self._definition is None:
            self._definition = definition_of(self.document)
        return self._definition

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(self.state, self.stage)

    @property
    def author_ids(self) -> tuple[int, ...]:
        """Author and co-authors."""
        return tuple(row.user_id for row in self.authors if row.part == AUTHOR)

    @property
    def outsider_ids(self) -> tuple[int, ...]:
        """Whoever may not judge in this review at all: authors, and who published it in an emergency."""
        return tuple(row.user_id for row in self.authors)


AUTHOR = "author"
PUBLISHER = "publisher"


class ReviewAuthor(Base):
    """Somebody who may not judge here: an author, or one of the two who published before the review."""

    __tablename__ = "review_authors"

    review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    part: Mapped[str] = mapped_column(sa.String(16), default=AUTHOR)


class Round(Base):
    """From a submit or a send-back to the next."""

    __tablename__ = "rounds"
    __table_args__ = (sa.UniqueConstraint("review_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"))
    number: Mapped[int]
    revision_id: Mapped[int]
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None]

    review: Mapped[Review] = relationship(back_populates="rounds")
    carried: Mapped[list["CarriedApproval"]] = relationship()


class CarriedApproval(Base):
    """An approval of an earlier round that still stands in this one – and bars its giver from a second seat."""

    __tablename__ = "carried_approvals"

    round_id: Mapped[int] = mapped_column(sa.ForeignKey("rounds.id"), primary_key=True)
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id"), primary_key=True)

    decision: Mapped["Decision"] = relationship()


class RoundPerson(Base):
    """Somebody who has filled a seat of a running round, themselves or through a deputy: the key lets nobody do it
    twice. The rows go when the round ends; the decisions tell the past."""

    __tablename__ = "round_people"

    round_id: Mapped[int] = mapped_column(sa.ForeignKey("rounds.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    bar: Mapped[Bar] = mapped_column(enum_column(Bar))


class Task(Base):
    """One seat in one round: what the inbox lists. ``version`` grows whenever what a reviewer saw has changed.

    A ``blind`` task is a second opinion on the same seat: it never moves the review.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="open_until_closed"),
        sa.CheckConstraint("(claimed_by_id IS NULL) = (claimed_at IS NULL)", name="claimed_by_somebody"),
        # in the order of the inbox, with everything its conditions ask: a page reads its rows, a count reads no row
        sa.Index(
            "ix_tasks_inbox",
            "state",
            "due_at",
            "id",
            "role",
            "review_id",
            "round_id",
            "team_id",
            "category",
            "named",
            "claimed_by_id",
        ),
        sa.Index("ix_tasks_holder", "claimed_by_id", "state"),
        sa.UniqueConstraint("round_id", "stage", "seat", "blind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"), index=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("rounds.id"))
    stage: Mapped[str] = mapped_column(sa.String(64))
    seat: Mapped[str] = mapped_column(sa.String(64))
    role: Mapped[str] = mapped_column(sa.String(32))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teams.id"))
    category: Mapped[str | None] = mapped_column(sa.String(64))  # only who looks after it may act
    named: Mapped[bool] = mapped_column(default=False)  # only the people of task_people may act
    needed: Mapped[int] = mapped_column(default=1)  # approvals that complete it
    blind: Mapped[bool] = mapped_column(default=False)
    state: Mapped[TaskState] = mapped_column(enum_column(TaskState))
    version: Mapped[int] = mapped_column(default=1)
    revision_id: Mapped[int]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    claimed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    claimed_at: Mapped[datetime | None]
    claim_kind: Mapped[Claim | None] = mapped_column(enum_column(Claim))
    minutes: Mapped[int | None]  # working minutes it was given when it opened
    alarm_at: Mapped[datetime | None] = mapped_column(index=True)  # the next reminder or rung of the ladder
    alarms: Mapped[int] = mapped_column(default=0)  # how many have sounded
    escalation: Mapped[int] = mapped_column(default=0)  # the rung that was reached
    blocked_at: Mapped[datetime | None]  # since when too few people are left who may decide it

    review: Mapped[Review] = relationship(lazy="joined")
    round: Mapped[Round] = relationship()
    people: Mapped[list["TaskPerson"]] = relationship(lazy="selectin")
    decisions: Mapped[list["Decision"]] = relationship(order_by="Decision.id", back_populates="task")

    @property
    def definition_stage(self) -> Stage:
        """The stage of the frozen definition this task sits in."""
        return self.review.definition.stage(self.stage)

    @property
    def definition_seat(self) -> Seat:
        """Its seat in the frozen definition."""
        return self.definition_stage.seat(self.seat)


class TaskPerson(Base):
    """Somebody named for a seat – or of the pool as it was, where the seat needs everybody."""

    __tablename__ = "task_people"

    task_id: Mapped[int] = mapped_column(sa.ForeignKey("tasks.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)


class Decision(Base):
    """One verdict or comment on the revision its giver saw; never changed, never deleted."""

    __tablename__ = "decisions"
    __table_args__ = (
        sa.Index(
            "uq_decisions_one_verdict_a_round",
            "round_id",
            "actor_id",
            unique=True,
            sqlite_where=sa.text("verb <> 'comment'"),
            postgresql_where=sa.text("verb <> 'comment'"),
        ),
        sa.Index("ix_decisions_actor", "actor_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"), index=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("rounds.id"))
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    revision_id: Mapped[int]
    stage: Mapped[str] = mapped_column(sa.String(64))
    seat: Mapped[str] = mapped_column(sa.String(64))
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    verb: Mapped[Verb] = mapped_column(enum_column(Verb))
    reason: Mapped[Reason | None] = mapped_column(enum_column(Reason))
    blind: Mapped[bool] = mapped_column(default=False)
    to_stage: Mapped[str | None] = mapped_column(sa.String(64))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    checklist: Mapped[dict[str, Any]]
    score: Mapped[int | None]
    decided_at: Mapped[datetime]

    task: Mapped[Task] = relationship(back_populates="decisions")

    @property
    def in_time(self) -> bool:
        """Given before the task was overdue."""
        return self.task.due_at is None or self.decided_at <= self.task.due_at


class Remark(Base):
    """A remark on a passage of the revision that was judged, left with a decision; its author answers and resolves."""

    __tablename__ = "remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"), index=True)
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id"), index=True)
    revision_id: Mapped[int]
    field: Mapped[str] = mapped_column(sa.String(64))
    quote: Mapped[str] = mapped_column(sa.String(500))  # the passage as it read; empty: the whole field
    text: Mapped[str] = mapped_column(sa.Text)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))


class ExpertRequest(Base):
    """An opinion that a reviewer asked for – of a colleague, or of somebody outside through a link that expires."""

    __tablename__ = "expert_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"), index=True)
    revision_id: Mapped[int]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str | None] = mapped_column(sa.String(200))
    question: Mapped[str] = mapped_column(sa.Text)
    token_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    verdict: Mapped[str | None] = mapped_column(sa.String(16))  # yes, no, unsure: an opinion, never an approval
    answer: Mapped[str] = mapped_column(sa.Text, default="")


class Turn(Base):
    """When somebody was last given a task of a role in turn."""

    __tablename__ = "routing_turns"

    role: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime]
