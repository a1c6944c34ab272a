"""One task as its page shows it: what is asked, who has it, what was found before, and what this person may do."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from accounts.models import User, UserRole
from accounts.queries import people
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import _
from core.permissions import can
from workflows import subjects
from workflows.blindness import blind_since
from workflows.claiming import may_hand_over
from workflows.deciding import own_work
from workflows.decision_forms import Typed
from workflows.experts import requests_of
from workflows.models import Decision, Review, Task
from workflows.permissions import P, acted_this_round, capacity, holds_the_seat, who_acted, wrote_it
from workflows.presenting import look, names_of, stage_word
from workflows.queries import decisions_of, eligible_for
from workflows.rules import REASON_NAMES, Claim, State, Verb, score

COLLEAGUES = 300  # how many people the field for an expert proposes


def task_card(task: Task, who: Actor) -> dict[str, Any]:
    """The task itself: its seat, its clock, its holder, and what this person may do with it."""
    right, mine = capacity(who, task), task.claimed_by_id == who.id
    decidable = can(who, P.DECIDE, task)
    behalf = right.on_behalf_of if right else None
    names = names_of([task.claimed_by_id, behalf])
    held = task.claimed_by_id is not None and task.claimed_by_id in {who.id, behalf}
    return {
        "id": task.id,
        "version": task.version,
        "stage": task.stage,
        "stage_word": stage_word(task.review, task.stage),
        "role": task.role,
        "due_at": task.due_at,
        "due_look": look(task),
        "round": task.review.round_number,
        "blind": task.blind,
        "escalation": task.escalation,
        "blocked_at": task.blocked_at,
        "decidable": decidable,
        "claim_first": task.definition_stage.claim_first and decidable and not held,
        "why_not": None if decidable else _why_not(who, task),
        "on_behalf_of": names.get(behalf) if behalf else None,
        "holder": _holder(task, names, mine=mine),
        "may_claim": decidable and not mine,
        "may_hand_over": may_hand_over(who, task),
        "may_ask": not wrote_it(who, task) and holds_the_seat(who, task),
    }


def _holder(task: Task, names: dict[int, str], *, mine: bool) -> dict[str, Any] | None:
    if task.claimed_by_id is None:
        return None
    return {
        "name": names.get(task.claimed_by_id, ""),
        "since": task.claimed_at,
        "mine": mine,
        "looking": task.claim_kind is Claim.TAKEN,
    }


def _why_not(who: Actor, task: Task) -> str | None:
    if (why := own_work(who, task)) is not None:
        return why
    if not holds_the_seat(who, task):
        return _("This decision belongs to another role.")
    if acted_this_round(who, task):
        return _("You have already judged in this round; another person must take this seat.")
    return _("You would act for somebody who wrote this or has judged it already.")


def checklist_card(task: Task, given: Typed) -> dict[str, Any] | None:
    """The questions of the stage, with what was answered; ``None`` where there are none."""
    stage = task.definition_stage
    if not stage.checklist:
        return None
    return {
        "compulsory": stage.compulsory,
        "pass_mark": stage.pass_mark,
        "score": score(stage.checklist, given.checks),
        "error": given.errors.get("checklist"),
        "questions": [
            {"key": q.key, "question": q.text, "weight": q.weight, "answer": given.checks.get(q.key)}
            for q in stage.checklist
        ],
    }


def ways_back(task: Task) -> list[tuple[str, str]]:
    """Where a send-back may go: the author, and the stages before this one."""
    review = task.review
    stages = review.definition.stages[: review.definition.index(task.stage)]
    return [("author", _("the author"))] + [(stage.key, stage_word(review, stage.key)) for stage in stages]


def reasons() -> list[tuple[str, Any]]:
    """(code, words) of why something is refused."""
    return [(code.value, label) for code, label in REASON_NAMES.items()]


def notes_of(review: Review, who: Actor) -> list[dict[str, Any]]:
    """What was said with earlier decisions, newest first, as far as this person may know of it."""
    found = [(d, name) for d, name in reversed(decisions_of(review.id, who)) if d.note or d.reason]
    behalf = names_of([d.on_behalf_of_id for d, _name in found])
    return [
        {
            "actor": name,
            "stage": stage_word(review, d.stage),
            "at": d.decided_at,
            "text": d.note,
            "verb": d.verb.value,
            "reason": REASON_NAMES[d.reason] if d.reason else None,
            "on_behalf_of": behalf.get(d.on_behalf_of_id) if d.on_behalf_of_id else None,
        }
        for d, name in found
    ]


def opinions_of(review: Review, who: Actor) -> list[dict[str, Any]]:
    """Every opinion that was asked for, with what came of it; what a second reviewer must not know is left out."""
    since = blind_since(who, review.subject_kind, review.subject_id)
    found = [one for one in requests_of(review.id) if since is None or one.asked_at < since]
    names, now = names_of([one.asked_by_id for one in found]), clock.now()
    return [
        {
            "id": one.id,
            "name": one.name,
            "outside": one.user_id is None,
            "asked_by": names.get(one.asked_by_id, ""),
            "asked_at": one.asked_at,
            "question": one.question,
            "verdict": one.verdict,
            "answer": one.answer,
            "answered_at": one.answered_at,
            "expires_at": one.expires_at,
            "revoked_at": one.revoked_at,
            "waits": one.answered_at is None and one.revoked_at is None and one.expires_at > now,
        }
        for one in found
    ]


def takers_of(task: Task, who: Actor) -> list[tuple[str, str]]:
    """(username, name) of whoever could take the task over."""
    found = [user for user in eligible_for(task) if user.id != task.claimed_by_id]
    return [(user.username, user.name) for user in sorted(found, key=lambda user: (user.id != who.id, user.name))]


def colleagues(task: Task, who: Actor) -> list[tuple[str, str]]:
    """(username, name) of people who may be asked for an opinion: proposed are those who do more than take calls."""
    outside = [*task.review.outsider_ids, who.id]
    found = people(active=True).where(User.id.not_in(outside), User.role_rows.any(UserRole.role != Role.REP))
    return [(user.username, user.name) for user in session.scalars(found.limit(COLLEAGUES))]


def record_of(review: Review) -> dict[str, int]:
    """How the author's earlier reviews ended, over the last year."""
    since = clock.now() - timedelta(days=365)
    author = review.author_ids[0] if review.author_ids else 0
    mine = sa.select(Review.id).where(
        Review.authors.any(user_id=author), Review.opened_at >= since, Review.id != review.id
    )
    approved = sa.select(sa.func.count()).where(Review.id.in_(mine), Review.state == State.APPROVED)
    returned = sa.select(sa.func.count()).where(
        Decision.review_id.in_(mine), Decision.verb == Verb.SEND_BACK, sa.not_(Decision.blind)
    )
    return {"approved": session.scalar(approved) or 0, "returned": session.scalar(returned) or 0}


def field_choices(task: Task) -> list[tuple[str, str]]:
    """(code, label) of what a remark can be about."""
    return [(code, str(label)) for code, label in subjects.fields(task.review.topic)]


def nameable(task: Task) -> list[User]:
    """The people a manager may name for a seat: they hold its role, wrote nothing here and have not judged yet."""
    barred = who_acted(task.round_id) | set(task.review.outsider_ids)
    found = people(active=True).where(User.role_rows.any(UserRole.role == task.role))
    return [user for user in session.scalars(found) if user.id not in barred]
