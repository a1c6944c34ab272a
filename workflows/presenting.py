"""Tasks as lists show them: the inbox, home pages, the team board."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import _
from workflows import subjects
from workflows.definitions import Definition
from workflows.models import Review, Task

SOON = timedelta(hours=4)


def stage_word(review: Review, key: str) -> str:
    """What people call a stage of this review: the name a manager gave it, else the word for its role."""
    if key == "author":
        return subjects.role_word(key)
    return _word(review.definition, key)


def _word(definition: Definition, key: str) -> str:
    return next((stage.name for stage in definition.stages if stage.key == key), "") or subjects.role_word(key)


def names_of(ids: Sequence[int | None]) -> dict[int, str]:
    """Names by user id; no query for nobody."""
    wanted = sorted({user_id for user_id in ids if user_id is not None})
    if not wanted:
        return {}
    return dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(wanted))).all())


def _by_kind(reviews: Iterable[Review]) -> dict[str, list[int]]:
    """The subjects of some reviews, by their kind."""
    found: dict[str, list[int]] = {}
    for review in reviews:
        found.setdefault(review.subject_kind, []).append(review.subject_id)
    return found


def known_of(who: Actor, reviews: Collection[Review]) -> frozenset[int]:
    """The ids of those of some reviews whose subject this person may know of; a few queries whatever their number."""
    found = {kind: subjects.subject(kind).known(who, ids) for kind, ids in _by_kind(reviews).items()}
    return frozenset(review.id for review in reviews if review.subject_id in found[review.subject_kind])


def rows_of(tasks: list[Task], known: frozenset[int] | None = None) -> list[dict[str, Any]]:
    """Tasks as lists show them. ``known``: the reviews this person may know of; of others only the seat is shown."""
    cards: dict[tuple[str, int], dict[str, Any]] = {}
    shown = [task.review for task in tasks if known is None or task.review_id in known]
    for kind, ids in _by_kind(shown).items():
        cards |= {(kind, key): value for key, value in subjects.subject(kind).cards(ids).items()}
    holders = names_of([task.claimed_by_id for task in tasks])
    definitions: dict[int, Definition] = {}  # a version of a pipeline never changes, and reading one takes a while
    rows = []
    for task in tasks:
        review = task.review
        if review.pipeline_id not in definitions:
            definitions[review.pipeline_id] = review.definition
        row = _row(task, holders, definitions[review.pipeline_id])
        if known is None or review.id in known:
            row |= cards.get((review.subject_kind, review.subject_id), {})
        else:
            row |= {"title": _("A text for a closed circle"), "url": None, "hidden": True}
        rows.append(row)
    return rows


def _row(task: Task, holders: dict[int, str], definition: Definition) -> dict[str, Any]:
    return {
        "id": task.id,
        "version": task.version,
        "url": url_for("reviews.show", task_id=task.id),
        "title": task.review.title,
        "kind": task.review.topic,
        "stage": task.stage,
        "stage_word": _word(definition, task.stage),
        "role": task.role,
        "due_at": task.due_at,
        "due_look": look(task),
        "round": task.review.round_number,
        "submitted_at": task.opened_at,
        "claimed_by": holders.get(task.claimed_by_id) if task.claimed_by_id else None,
        "claimed_by_id": task.claimed_by_id,
        "claim_kind": task.claim_kind.value if task.claim_kind else None,
        "escalation": task.escalation,
        "blocked_at": task.blocked_at,
        "blind": task.blind,
        "bulk": definition.stage(task.stage).bulk and not task.blind,
    }


def look(task: Task) -> str:
    """How a due time is tinted: ``soon`` in its last hours; what is past is late by itself."""
    if task.due_at is None or task.due_at < clock.now():
        return ""
    return "soon" if task.due_at - clock.now() < SOON else ""
