"""From a promise to rows: the event is read again, its rows of the table find their people, and each gets one notice.

The finding is done in a reading transaction and the writing in one short statement, so that no decision waits for it.
Twice is once: the key of a notice is made of event, row and person.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql, sqlite

from accounts.absences import deputies_for_notices
from accounts.people import actor_of
from core import clock
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
from workflows.events import ExpertAsked, ReviewMoved, TaskClaimed, TaskOpened
from workflows.models import Task
from workflows.permissions import who_acted

TOPIC = "notices"
CHUNK = 100  # notices in one statement
DID_IT: dict[type, str] = {  # who did it, where an event does not call them ``actor_id``
    TaskClaimed: "by_id",
    ExpertAsked: "asked_by_id",
    EmergencyAsked: "asked_by_id",
    RevisionSaved: "author_id",
    HelpfulVoted: "voter_id",
}


@cache
def _shape(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(EVENTS[name])


LATER = timedelta(
    seconds=5
)  # what a whole pool hears can wait for the rush to pass; what is decided by then needs none
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


@dataclass(slots=True)
class _Batch:
    """What a batch of promises amounts to."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    reviews: set[int] = field(default_factory=set)
    tasks: set[int] = field(default_factory=set)


@handler(TOPIC)
def tell(jobs: Sequence[Job]) -> None:
    """Keep a batch of promises."""
    batch = _Batch()
    with reading(hold=True):
        for job in jobs:
            if "settle" in job.payload:
                batch.reviews.add(job.payload["settle"])
            else:
                _expand(job, batch)
    if batch.rows or batch.reviews:
        with writing():
            _write(batch)


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
        batch.rows += _entries(row, fact, job.key, told)
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


def _entries(row: Notice, fact: Fact, key: str, told: dict[int, int | None]) -> Iterable[dict[str, Any]]:
    now = clock.now()
    late = is_old_news(fact.at, now)
    chosen = choices_of(list(told))
    for user in audiences.people(told):
        if not audiences.may_know(actor_of(user), fact.subject_kind, fact.subject_id):
            continue
        away = told[user.id]
        yield {
            "user_id": user.id,
            "code": row.code,
            "urgent": row.urgent,
            "subject_kind": fact.subject_kind,
            "subject_id": fact.subject_id,
            "params": {**fact.params, **({"for": name_of(away)} if away else {})},
            "url": fact.url,
            "way": way(row.mail, chosen.get((user.id, row.group)), urgent=row.urgent, late=late),
            "dedup": f"{key}:{row.code}:{user.id}",
            "created_at": fact.at,
            "read_at": now if late and fact.subject_kind != "task" else None,
            "mailed_at": None,
        }


def _write(batch: _Batch) -> None:
    insert = sqlite.insert if database().sqlite else postgresql.insert
    fresh: list[int] = []
    for start in range(0, len(batch.rows), CHUNK):
        some = insert(NoticeEntry).values(batch.rows[start : start + CHUNK])
        written = some.on_conflict_do_nothing(index_elements=["dedup"]).returning(NoticeEntry.id, NoticeEntry.way)
        fresh += [key for key, by_mail in session.execute(written) if by_mail is Mail.AT_ONCE]
    _settle(sa.select(Task.id).where(Task.review_id.in_(batch.reviews)) if batch.reviews else None)
    _settle(sa.select(Task.id).where(Task.id.in_(batch.tasks)) if batch.tasks else None)
    promise_all(MAILS, {f"notice:{key}": {"notice": key} for key in fresh})


def _settle(tasks: sa.Select[int] | None) -> None:
    """Nothing is left to do about a closed task: who was told to, has read it."""
    if tasks is not None:
        found = sa.update(NoticeEntry).where(closed_tasks(tasks)).values(read_at=clock.now())
        session.execute(found, execution_options={"synchronize_session": False})
