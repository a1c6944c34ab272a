"""From a promise to rows: the event is read again, its rows of the table find their people, and each gets one notice.

The finding is done in a reading transaction and the writing in one short statement, so that no decision waits for it.
Twice is once: the key of a notice is made of event, row and person.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql, sqlite

from accounts.absences import deputies_for_notices
from accounts.people import actor_of
from core import clock
from core.actors import Actor
from core.db import database, reading, session, writing
from core.outbox import Job, handler, promise, promise_all
from wiki.articles.events import EmergencyAsked, RevisionSaved
from wiki.feedback.events import HelpfulVoted
from wiki.notifications import audiences
from wiki.notifications.facts import Fact, name_of
from wiki.notifications.models import NoticeEntry
from wiki.notifications.ops import MAILS
from wiki.notifications.queries import choices_of, closed_tasks
from wiki.notifications.rules import Mail, is_forgotten, is_old_news, way
from wiki.notifications.table import EVENTS, Notice, rows_for
from wiki.training.events import TaskSaidDone
from workflows.events import ExpertAsked, ReviewMoved, TaskClaimed, TaskOpened
from workflows.models import Task
from workflows.permissions import who_acted

TOPIC = "notices"
CHUNK = 200  # notices in one transaction: decisions get their turn between
DID_IT: dict[type, str] = {  # who did it, where an event does not call them ``actor_id``
    TaskClaimed: "by_id",
    ExpertAsked: "asked_by_id",
    EmergencyAsked: "asked_by_id",
    RevisionSaved: "author_id",
    HelpfulVoted: "voter_id",
    TaskSaidDone: "user_id",
}


@cache
def _shape(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(EVENTS[name])


LATER = timedelta(seconds=5)  # a whole pool can wait for the rush to pass: what is decided by then needs no notice
UNHURRIED = (TaskOpened, ReviewMoved)


def tell_later(event: object) -> None:
    """Promise, in the transaction of the event, that its people will hear of it – the everyday moves a little later."""
    name = type(event).__name__
    data = _shape(name).dump_python(event, mode="json")
    at = clock.now() + LATER if isinstance(event, UNHURRIED) else None
    promise(TOPIC, f"{name}:{uuid.uuid4().hex}", {"event": name, "data": data}, at=at)


def settle_later(review_id: int) -> None:
    """Promise that notices about closed tasks of a review will count as read."""
    promise(TOPIC, f"settle:{review_id}", {"settle": review_id})


@dataclass(frozen=True, slots=True)
class _Message:
    """One row of the table that holds for one event, with those who should hear it (and for whom, as a deputy)."""

    row: Notice
    fact: Fact
    key: str
    told: dict[int, int | None]


@dataclass(slots=True)
class _Batch:
    """What a batch of promises amounts to."""

    messages: list[_Message] = field(default_factory=list)
    reviews: set[int] = field(default_factory=set)
    tasks: set[int] = field(default_factory=set)


@handler(TOPIC)
def tell(jobs: Sequence[Job]) -> None:
    """Keep a batch of promises."""
    batch = _Batch()
    with reading(hold=True):
        told = [job for job in jobs if "settle" not in job.payload]
        batch.reviews.update(job.payload["settle"] for job in jobs if "settle" in job.payload)
        _held = _tasks(told)  # the session knows them as long as somebody holds them
        for job in told:
            _expand(job, batch)
        rows = _entries(batch.messages)
    for start in range(0, len(rows), CHUNK):
        with writing():
            _write(rows[start : start + CHUNK])
    with writing():
        _settle(batch)


def _tasks(jobs: Sequence[Job]) -> list[Task]:
    """The tasks that a batch speaks of, in one go."""
    ids = {job.payload["data"].get("task_id") for job in jobs} - {None}
    return list(session.scalars(sa.select(Task).where(Task.id.in_(ids)))) if ids else []


def _expand(job: Job, batch: _Batch) -> None:
    event = _shape(job.payload["event"]).validate_python(job.payload["data"])
    if isinstance(event, ReviewMoved):
        batch.reviews.add(event.review_id)
    for row in rows_for(type(event)):
        if not row.when(event):
            continue
        told = hearers(row, event)
        fact = row.facts(event) if told else None
        if fact is None or (fact.subject_kind != "task" and is_forgotten(fact.at, clock.now())):
            continue
        batch.messages.append(_Message(row, fact, job.key, told))
        if fact.subject_kind == "task":
            batch.tasks.add(fact.subject_id)


def hearers(row: Notice, event: Any) -> dict[int, int | None]:
    """Who hears of it, and for whom if as a deputy: active, not the one who did it, and allowed to know of it."""
    did_it = {getattr(event, DID_IT.get(type(event), "actor_id"), None)}
    direct = row.audience(event) - did_it
    found: dict[int, int | None] = dict.fromkeys(direct)
    if row.deputies and direct:
        barred = did_it | _barred(event)
        for away, deputy in deputies_for_notices(direct).items():
            if deputy not in barred:
                found.setdefault(deputy, away)
    return found


def _barred(event: Any) -> frozenset[int]:
    """Who could not decide this task for anybody: its authors, and who has judged in the round."""
    task = session.get(Task, event.task_id)
    return frozenset() if task is None else who_acted(task.round_id) | set(task.review.outsider_ids)


def _entries(messages: Sequence[_Message]) -> list[dict[str, Any]]:
    """The notices to keep. People and their choices are fetched once for a whole batch: it mostly tells the same."""
    everybody = {user_id for message in messages for user_id in message.told}
    people = {user.id: actor_of(user) for user in audiences.people(everybody)}
    chosen = choices_of(list(everybody))
    return [
        _entry(message, people[user_id], away, chosen.get((user_id, message.row.group)))
        for message in messages
        for user_id, away in message.told.items()
        if user_id in people and audiences.may_know(people[user_id], message.fact.subject_kind, message.fact.subject_id)
    ]


def _entry(message: _Message, actor: Actor, away: int | None, wish: Mail | None) -> dict[str, Any]:
    row, fact, now = message.row, message.fact, clock.now()
    late = is_old_news(fact.at, now)
    return {
        "user_id": actor.id,
        "code": row.code,
        "urgent": row.urgent,
        "subject_kind": fact.subject_kind,
        "subject_id": fact.subject_id,
        "params": {**fact.params, **({"for": name_of(away)} if away else {})},
        "url": fact.url,
        "way": way(row.mail, wish, urgent=row.urgent, late=late),
        "dedup": f"{message.key}:{row.code}:{actor.id}",
        "created_at": fact.at,
        "read_at": now if late and fact.subject_kind != "task" else None,
        "mailed_at": None,
    }


def _write(rows: Sequence[dict[str, Any]]) -> None:
    """Keep the notices. Only those that go out at once are asked for their numbers: the others are one statement,
    compiled once, because nobody can decide anything while it is being written."""
    insert = (sqlite.insert if database().sqlite else postgresql.insert)(cast(sa.Table, NoticeEntry.__table__))
    keep = insert.on_conflict_do_nothing(index_elements=["dedup"])
    quiet = [row for row in rows if row["way"] is not Mail.AT_ONCE]
    if quiet:
        session.execute(keep, quiet)
    mailed = [row for row in rows if row["way"] is Mail.AT_ONCE]
    if mailed:
        some = insert.values(mailed).on_conflict_do_nothing(index_elements=["dedup"]).returning(NoticeEntry.id)
        promise_all(MAILS, {f"notice:{key}": {"notice": key} for key in session.scalars(some)})


def _settle(batch: _Batch) -> None:
    """Nothing is left to do about a closed task: who was told to, has read it."""
    for found, ids in ((Task.review_id, batch.reviews), (Task.id, batch.tasks)):
        if ids:
            read = sa.update(NoticeEntry).where(closed_tasks(sa.select(Task.id).where(found.in_(ids))))
            session.execute(read.values(read_at=clock.now()), execution_options={"synchronize_session": False})
