"""The approval sheet: who wrote a version, who checked and approved it, in whose stead, when."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.actors import Actor
from core.audit import TrailEntry
from core.db import session
from wiki.articles.models import Publication
from wiki.articles.rules import Because
from workflows.models import Decision, Review, Task
from workflows.queries import approvals_in, hidden_from, last_reviews

SUBJECT = "submission"


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval that stands behind a version. ``stage`` is its code, ``stage_name`` what a manager called it."""

    stage: str
    stage_name: str
    role: str
    username: str
    name: str
    for_username: str | None
    for_name: str | None
    at: str  # ISO 8601, UTC
    revision: int  # which draft of its submission was judged

    @property
    def when(self) -> datetime:
        """The moment of the decision."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands behind one version. ``veiled``: there is more, which the reader may not see yet."""

    approvals: list[Approval]
    imported: bool = False
    veiled: bool = False


def is_reviewed(row: Publication) -> bool:
    """A review stands behind this very publication, or nobody asked for one (an import)."""
    return row.provisional is None or row.provisional.closed_because is Because.APPROVED


def sheets(rows: Sequence[Publication], reader: Actor | None = None) -> dict[int, Sheet]:
    """The sheets of some publications by their ids, in the same few queries whatever their number.

    ``reader``: who may still give a second opinion does not see what others found; ``None``: the house itself asks.
    """
    reviewed = [row for row in rows if is_reviewed(row)]
    ids = list({row.submission_id for row in reviewed})
    reviews = last_reviews(SUBJECT, ids)
    approvals, veiled = _approvals(list(reviews.values()), reader)
    brought = _brought(ids)
    found = {row.id: Sheet([]) for row in rows}
    for row in reviewed:
        review = reviews.get(row.submission_id)
        if review is not None:
            found[row.id] = Sheet(approvals.get(review.id, []), veiled=review.id in veiled)
        elif row.submission_id in brought:
            found[row.id] = Sheet(brought[row.submission_id], imported=True)
    return found


def _approvals(reviews: list[Review], reader: Actor | None) -> tuple[dict[int, list[Approval]], set[int]]:
    given = approvals_in(reviews)
    decisions = [decision for rows in given.values() for decision, _name in rows]
    hidden = _hidden([decision.id for decision in decisions], reader)
    words = _Words(decisions)
    by_id = {review.id: review for review in reviews}
    shown = {
        key: [words.approval(by_id[key], d, name) for d, name in rows if d.id not in hidden]
        for key, rows in given.items()
    }
    return shown, {decision.review_id for decision in decisions if decision.id in hidden}


def _hidden(ids: list[int], reader: Actor | None) -> set[int]:
    if reader is None or not ids:
        return set()
    return set(session.scalars(sa.select(Decision.id).where(Decision.id.in_(ids), hidden_from(reader))))


class _Words:
    """Roles, drafts and principals of some decisions; fetched once."""

    def __init__(self, decisions: list[Decision]) -> None:
        from wiki.articles.models import Revision

        tasks = sa.select(Task.id, Task.role).where(Task.id.in_([one.task_id for one in decisions]))
        self.roles = dict(session.execute(tasks).all())
        drafts = sa.select(Revision.id, Revision.number).where(Revision.id.in_([one.revision_id for one in decisions]))
        self.drafts = dict(session.execute(drafts).all())
        ids = {one.actor_id for one in decisions} | {one.on_behalf_of_id for one in decisions if one.on_behalf_of_id}
        rows = session.execute(sa.select(User.id, User.username, User.name).where(User.id.in_(ids)))
        self.people = {row.id: (row.username, row.name) for row in rows}

    def approval(self, review: Review, decision: Decision, name: str) -> Approval:
        stage = next((one.name for one in review.definition.stages if one.key == decision.stage), "")
        principal = self.people.get(decision.on_behalf_of_id or 0, (None, None))
        return Approval(
            stage=decision.stage,
            stage_name=stage,
            role=self.roles.get(decision.task_id, ""),
            username=self.people[decision.actor_id][0],
            name=name,
            for_username=principal[0],
            for_name=principal[1],
            at=decision.decided_at.isoformat(),
            revision=self.drafts.get(decision.revision_id, 0),
        )


def _brought(ids: list[int]) -> dict[int, list[Approval]]:
    """What was brought along with texts that were judged elsewhere, by submission; empty lists for plain imports."""
    entries = session.execute(
        sa.select(TrailEntry.subject_id, TrailEntry.details)
        .where(TrailEntry.subject_kind == SUBJECT, TrailEntry.subject_id.in_(ids), TrailEntry.verb == "imported")
        .order_by(TrailEntry.id)
    )
    return {key: [approval_of(one) for one in (details or {}).get("approvals", [])] for key, details in entries}


def approval_of(data: dict[str, Any]) -> Approval:
    """An approval from plain data.

    Raises:
        ValueError: it is none.
    """
    text = {key: str(data.get(key) or "") for key in ("stage", "stage_name", "role", "username", "name", "at")}
    datetime.fromisoformat(text["at"])
    username, name = (str(data[key]) if data.get(key) else None for key in ("for_username", "for_name"))
    return Approval(**text, for_username=username, for_name=name, revision=int(data.get("revision") or 0))


def as_data(approval: Approval) -> dict[str, Any]:
    """The same as plain data, without what is empty."""
    return {key: value for key, value in asdict(approval).items() if value not in {None, ""}}
