"""An opinion from somebody who knows better: a colleague, or somebody outside through a signed link that expires.

An opinion is never an approval: it stands on the review page, and the reviewer who asked still decides.
"""

import re
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from accounts.identity import new_token, token_hash
from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import can, require
from core.texts import one_line
from workflows.deciding import NOTE_LIMIT, find_task, forbid_own_work, must_still_be
from workflows.events import ExpertAnswered, ExpertAsked
from workflows.models import ExpertRequest, Review, Task
from workflows.permissions import P, holds_the_seat
from workflows.rules import TaskState

VERDICTS = ("yes", "no", "unsure")
LONGEST = 30  # days
OPEN_AT_ONCE = 10  # links per task
ADDRESS = re.compile(r"[^@\s<>,;]{1,80}@[^@\s<>,;]{1,110}\.[^@\s<>,;.]{1,20}")


def ask_colleague(task_id: int, actor: Actor, *, username: str, question: str, days: int = 3) -> ExpertRequest:
    """Somebody with an account may read this text and is asked what they think; being asked gives no seat.

    Raises:
        NotFound, Forbidden, Conflict (``moved``), Invalid.
    """
    task = _askable(task_id, actor, question, days)
    user = session.scalar(sa.select(User).where(User.username == username.strip().lower(), User.active))
    if user is None:
        raise Invalid({"to": _("There is nobody called %(name)s.", name=username[:80])})
    if user.id in task.review.outsider_ids or user.id == actor.id:
        raise Invalid({"to": _("Ask somebody who has not written this.")})
    return _asked(task, actor, question, days, name=user.name, user_id=user.id)


def ask_outside(
    task_id: int, actor: Actor, *, name: str, question: str, address: str = "", days: int = 3
) -> tuple[ExpertRequest, str]:
    """The request, and the secret of its link – shown once: only its hash is kept."""
    task = _askable(task_id, actor, question, days)
    name, address = one_line(name), address.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid({"name": _("A name has 1 to 120 characters.")})
    if address and not ADDRESS.fullmatch(address):
        raise Invalid({"address": _("This is not a mail address.")})
    secret = new_token()
    request = _asked(task, actor, question, days, name=name, address=address or None, secret=token_hash(secret))
    return request, _signer().dumps([request.id, secret])


def task_to_ask_about(task_id: int, actor: Actor, *, locked: bool = False) -> Task:
    """An open task in this person's seat, about which they may ask for an opinion.

    Raises:
        NotFound, Forbidden, Conflict (``moved``).
    """
    task = find_task(task_id, actor, locked=locked)
    forbid_own_work(actor, task)
    must_still_be(task)
    if not holds_the_seat(actor, task):
        raise Forbidden(_("Only who holds this seat can ask an expert."), code="not-your-seat")
    return task


def _askable(task_id: int, actor: Actor, question: str, days: int) -> Task:
    task = task_to_ask_about(task_id, actor, locked=True)
    errors = {}
    if not question.strip() or len(question) > NOTE_LIMIT:
        errors["question"] = _("Please say what you would like to know.")
    if not 1 <= days <= LONGEST:
        errors["days"] = _("A link is good for 1 to %(n)s days.", n=LONGEST)
    if len(requests_of(task.review_id, waiting=True)) >= OPEN_AT_ONCE:
        errors["question"] = _("%(n)s opinions are being waited for already.", n=OPEN_AT_ONCE)
    if errors:
        raise Invalid(errors)
    return task


def _asked(
    task: Task,
    actor: Actor,
    question: str,
    days: int,
    *,
    name: str,
    user_id: int | None = None,
    address: str | None = None,
    secret: str | None = None,
) -> ExpertRequest:
    now = clock.now()
    request = ExpertRequest(
        task_id=task.id,
        review_id=task.review_id,
        revision_id=task.revision_id,
        asked_by_id=actor.id,
        user_id=user_id,
        name=name,
        address=address,
        question=question.strip(),
        token_hash=secret,
        asked_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(request)
    session.flush()
    _note(request, actor, "ask_expert", to=name)
    emit(ExpertAsked(request.id, task.id, task.review_id, actor.id, user_id, address, now))
    return request


def requests_of(review_id: int, *, waiting: bool = False) -> list[ExpertRequest]:
    """Every opinion asked for in a review, oldest first; ``waiting``: only those that can still come."""
    found = sa.select(ExpertRequest).where(ExpertRequest.review_id == review_id).order_by(ExpertRequest.id)
    if waiting:
        found = found.where(
            ExpertRequest.answered_at.is_(None),
            ExpertRequest.revoked_at.is_(None),
            ExpertRequest.expires_at > clock.now(),
        )
    return list(session.scalars(found))


def by_link(link: str) -> ExpertRequest:
    """The open request behind a link.

    Raises:
        NotFound: forged, revoked or unknown – nothing is told apart.
        Conflict: it was answered, it expired, or the review went on without it (``gone``).
    """
    try:
        request_id, secret = _signer().loads(link)
    except (BadSignature, ValueError, TypeError):
        raise NotFound(_("This link does not lead anywhere.")) from None
    known = isinstance(request_id, int) and isinstance(secret, str)
    request = session.get(ExpertRequest, request_id) if known else None
    if request is None or request.token_hash != token_hash(secret) or request.revoked_at is not None:
        raise NotFound(_("This link does not lead anywhere."))
    return _still_open(request)


def for_colleague(request_id: int, actor: Actor) -> ExpertRequest:
    """The open request that this person was asked."""
    request = session.get(ExpertRequest, request_id)
    if request is None or request.user_id != actor.id or request.revoked_at is not None:
        raise NotFound(_("There is no such question, or it was not asked of you."))
    return _still_open(request)


def _still_open(request: ExpertRequest) -> ExpertRequest:
    if request.answered_at is not None:
        raise Conflict(_("You have answered this already. Thank you."), code="gone")
    if request.expires_at <= clock.now():
        raise Conflict(_("This link has expired. Ask for a new one if your opinion is still wanted."), code="gone")
    if session.get_one(Task, request.task_id).state is not TaskState.OPEN:
        raise Conflict(_("This was decided meanwhile. Thank you."), code="gone")
    return request


def answer(request: ExpertRequest, *, verdict: str, text: str, actor: Actor | None = None) -> None:
    """The opinion stands on the review page from now on.

    Raises:
        Conflict (``gone``), Invalid.
    """
    lock(Review, request.review_id)
    session.refresh(request)
    _still_open(request)
    errors = {}
    if verdict not in VERDICTS:
        errors["verdict"] = _("Please choose: yes, no or not sure.")
    if not text.strip() or len(text) > NOTE_LIMIT:
        errors["answer"] = _("Please write a few words.")
    if errors:
        raise Invalid(errors)
    request.verdict, request.answer, request.answered_at = verdict, text.strip(), clock.now()
    session.flush()
    entry = _note(request, actor, "give_opinion", verdict=verdict)
    if actor is None:
        entry.actor_name = request.name
    emit(ExpertAnswered(request.id, request.task_id, request.review_id, request.asked_by_id, request.answered_at))


def revoke(request_id: int, actor: Actor) -> ExpertRequest:
    """The link opens nothing any more. Who asked may do it, and whoever holds the seat."""
    request = session.get(ExpertRequest, request_id)
    task = session.get(Task, request.task_id) if request is not None else None
    if request is None or task is None or not can(actor, P.SEE_TASK, task):
        raise NotFound(_("There is no such question, or you may not see it."))
    if request.asked_by_id != actor.id and not holds_the_seat(actor, task):
        require(actor, P.WATCH_ALL)
    if request.answered_at is None and request.revoked_at is None:
        request.revoked_at = clock.now()
        _note(request, actor, "revoke_expert", to=request.name)
    return request


def _note(request: ExpertRequest, actor: Actor | None, verb: str, **details: str) -> audit.TrailEntry:
    review = session.get_one(Review, request.review_id)
    session.flush()
    return audit.record(
        actor,
        verb,
        subject_kind=review.subject_kind,
        subject_id=review.subject_id,
        revision_id=request.revision_id,
        stage=session.get_one(Task, request.task_id).stage,
        details=details,
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="expert-link")
