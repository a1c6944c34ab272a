"""Who hears of an event, as ids of people: one function per circle, as the world is when the notice is written.

Each first line says in plain words who it is; ``docs/notices.md`` prints it. None of them looks at who did it (nobody
is told of their own act), who was disabled, or who may not know of the subject: ``telling`` takes those out everywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.absences import standing
from accounts.models import User, UserRole
from accounts.people import actor_of
from accounts.rules import Role
from core.actors import Actor
from core.db import session
from core.permissions import can
from wiki.articles.models import Article, ProvisionalPublication, Submission, SubmissionState
from wiki.articles.permissions import KEEPERS
from wiki.articles.permissions import P as Articles
from wiki.articles.rules import ProvisionalState
from wiki.feedback.queries import authors_of
from wiki.kpi.appeals import may_see as may_see_appeal
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_permissions import P as Cuika
from wiki.kpi.dealing_models import CardAppeal
from wiki.search.gap_models import WritingTask
from wiki.search.permissions import P as Search
from wiki.training.acknowledging import who_is_asked
from wiki.training.following import who_reads_again
from wiki.training.models import Course
from wiki.training.permissions import P as Training
from wiki.training.rules import CourseState
from workflows import subjects
from workflows.models import CarriedApproval, Decision, ExpertRequest, Remark, Review, Round, Task
from workflows.permissions import P as Reviewing
from workflows.permissions import capacity
from workflows.queries import eligible_ids, open_review
from workflows.rules import TaskState, Verb

People = set[int]
FURTHER: dict[str, Callable[[Actor, int], bool]] = {}  # who may know of things that modules beside this one tell of


# ── around a task ────────────────────────────────────────────────────────────────────────────────────────────────────


def deciders(event: Any) -> People:
    """who may decide it now in their own right; only the holder, if somebody took it or was given it"""
    task = _waiting(event.task_id)
    if task is None:
        return set()
    if task.claimed_by_id is not None:
        return {task.claimed_by_id}
    fresh = task.round.opened_by_id if task.opened_at == task.round.opened_at else None  # who sent it here, knows
    found = eligible_ids(task) - {fresh}
    deputies = {one.deputy_id for one in standing()}
    return {user_id for user_id in found if user_id not in deputies or _in_own_right(user_id, task)}


def _in_own_right(user_id: int, task: Task) -> bool:
    """Not only as a deputy: whether those hear of it is for the absence to say."""
    right = capacity(actor_of(session.get_one(User, user_id)), task)
    return right is not None and right.on_behalf_of is None


def new_holder(event: Any) -> People:
    """the new holder"""
    task = _waiting(event.task_id)
    return {event.to_id} if task is not None and task.claimed_by_id == event.to_id else set()


def former_holder(event: Any) -> People:
    """who held it before"""
    return {event.from_id} if event.from_id and _waiting(event.task_id) is not None else set()


def rung(event: Any) -> People:
    """the people of the role that the rung names; of supervisors first those of the seat's team, or of the author's"""
    task = _waiting(event.task_id)
    if task is None:
        return set()
    found = holders(event.to_role)
    if event.to_role == Role.SUPERVISOR:
        for team_id in (task.team_id, _team_of_author(task.review)):
            near = {user.id for user in found if team_id is not None and user.team_id == team_id}
            if near:
                return near
    return {user.id for user in found}


def managers_of_task(event: Any) -> People:
    """the knowledge managers"""
    return {user.id for user in holders(Role.MANAGER)} if _waiting(event.task_id) is not None else set()


def asked_expert(event: Any) -> People:
    """whose opinion is asked for"""
    asked = session.get(ExpertRequest, event.request_id)
    gone = asked is None or asked.revoked_at or asked.answered_at or _waiting(event.task_id) is None
    return {event.user_id} if event.user_id and not gone else set()


def asker(event: Any) -> People:
    """who asked"""
    return {event.asked_by_id}


def _waiting(task_id: int) -> Task | None:
    task = session.get(Task, task_id)
    return task if task is not None and task.state is TaskState.OPEN else None


def _team_of_author(review: Review) -> int | None:
    ids = review.author_ids
    return session.scalar(sa.select(User.team_id).where(User.id == ids[0])) if ids else None


def holders(role: str) -> list[User]:
    """The active people of a role."""
    found = sa.select(User).join(UserRole, UserRole.user_id == User.id).where(UserRole.role == role, User.active)
    return list(session.scalars(found.order_by(User.id)))


# ── around a review ──────────────────────────────────────────────────────────────────────────────────────────────────


def authors(event: Any) -> People:
    """author and co-authors"""
    review = session.get(Review, event.review_id)
    return set(review.author_ids) if review is not None else set()


def judges(event: Any) -> People:
    """everybody who gave a verdict in the review"""
    found = sa.select(Decision.actor_id).where(
        Decision.review_id == event.review_id, Decision.verb != Verb.COMMENT, sa.not_(Decision.blind)
    )
    return set(session.scalars(found)) - authors(event)


def voided_approvers(event: Any) -> People:
    """whose approval no longer stands in the new round"""
    if event.round < 2:
        return set()
    before, now = event.round - 1, event.round
    return _standing(event.review_id, before) - _carried(event.review_id, now) - authors(event)


def _standing(review_id: int, number: int) -> People:
    """Who has an approval in a round, given in it or carried into it."""
    given = (
        sa.select(Decision.actor_id)
        .join(Round, Round.id == Decision.round_id)
        .where(Round.review_id == review_id, Round.number == number)
        .where(Decision.verb == Verb.APPROVE, sa.not_(Decision.blind))
    )
    return set(session.scalars(given)) | _carried(review_id, number)


def _carried(review_id: int, number: int) -> People:
    found = (
        sa.select(Decision.actor_id)
        .join(CarriedApproval, CarriedApproval.decision_id == Decision.id)
        .join(Round, Round.id == CarriedApproval.round_id)
        .where(Round.review_id == review_id, Round.number == number)
    )
    return set(session.scalars(found))


def interrupted(event: Any) -> People:
    """who held a task of it that was closed over their head"""
    newer = event.verb in {Verb.SEND_BACK, Verb.REVISE} and event.after.stage is not None
    closed = (
        sa.select(Task.claimed_by_id)
        .join(Round, Round.id == Task.round_id)
        .where(Task.review_id == event.review_id, Round.number == (event.round - 1 if newer else event.round))
        .where(Task.stage == event.before.stage, Task.state == TaskState.VOID, Task.claimed_by_id.is_not(None))
    )
    return {user_id for user_id in session.scalars(closed) if user_id is not None}


def other_side(event: Any) -> People:
    """the other side: the authors; if an author said it, who holds the tasks or has said something before"""
    wrote = authors(event)
    return _reviewers(event.review_id) - wrote if event.actor_id in wrote else wrote


def _reviewers(review_id: int) -> People:
    """Who holds an open task of a review, or has given a verdict or a remark in it."""
    hold = sa.select(Task.claimed_by_id).where(Task.review_id == review_id, Task.state == TaskState.OPEN)
    said = sa.select(Decision.actor_id).where(Decision.review_id == review_id)
    return {user_id for user_id in session.scalars(sa.union(hold, said)) if user_id is not None}


def who_remarked(event: Any) -> People:
    """who left the remark"""
    remark = session.get(Remark, event.remark_id)
    return {remark.author_id} if remark is not None else set()


# ── around a text, a course, a person ────────────────────────────────────────────────────────────────────────────────


def holders_of_text(event: Any) -> People:
    """its authors, and who holds a task on it"""
    submission = session.get(Submission, event.submission_id)
    if submission is None or submission.state is not SubmissionState.IN_REVIEW:
        return set()
    review = open_review("submission", submission.id)
    held = sa.select(Task.claimed_by_id).where(
        Task.review_id == (review.id if review else 0), Task.state == TaskState.OPEN, Task.claimed_by_id.is_not(None)
    )
    return set(submission.author_ids) | {user_id for user_id in session.scalars(held) if user_id is not None}


def concerned(event: Any) -> People:
    """everybody whom the notice asks"""
    article = session.get(Article, event.article_id)
    if article is None or not article.live:
        return set()
    return who_is_asked(article)


def named(event: Any) -> People:
    """those of them who have not confirmed it"""
    return set(event.user_ids)


def their_supervisors(event: Any) -> People:
    """the supervisors of their team; without any, the knowledge managers"""
    near = of_team(event.team_id, (Role.SUPERVISOR,)) - set(event.user_ids)
    return near or {user.id for user in holders(Role.MANAGER)}


def second_signers(event: Any) -> People:
    """who holds the role whose signature is missing, while it is missing"""
    row = session.get(ProvisionalPublication, event.provisional_id)
    if row is None or row.state is not ProvisionalState.ASKED:
        return set()
    return {user.id for role in event.roles for user in holders(role)} - set(event.author_ids)


def authors_and_publishers(event: Any) -> People:
    """its authors, and who put it up"""
    return set(event.author_ids) | set(event.publisher_ids)


def text_authors(event: Any) -> People:
    """its authors"""
    return set(event.author_ids)


def publishers(event: Any) -> People:
    """who put it up"""
    return set(event.publisher_ids)


def all_who_answer(event: Any) -> People:
    """its authors, who put it up, and the knowledge managers"""
    return authors_and_publishers(event) | {user.id for user in holders(Role.MANAGER)}


def article_authors(event: Any) -> People:
    """whose work it is: the authors of the last major version"""
    article = session.get(Article, event.article_id)
    return set(authors_of(article)) if article is not None else set()


def keepers(event: Any) -> People:
    """who keeps it true: its owner, else the reviewers and supervisors of its team, else the knowledge managers"""
    article = session.get(Article, event.article_id)
    if article is None or not article.live:
        return set()
    if article.owner_id is not None:
        return {article.owner_id}
    return of_team(article.owner_team_id, KEEPERS) or {user.id for user in holders(Role.MANAGER)}


def flag_reporter(event: Any) -> People:
    """who raised it"""
    return {event.reporter_id}


def appellant(event: Any) -> People:
    """who raised it"""
    found = session.get(CardAppeal, event.appeal_id)
    return {found.raised_by_id} if found is not None else set()


def managers(event: Any) -> People:
    """the knowledge managers"""
    return {user.id for user in holders(Role.MANAGER)}


def heirs(event: Any) -> People:
    """the supervisors of the team that it fell to, and the knowledge managers"""
    return of_team(event.team_id, (Role.SUPERVISOR,)) | {user.id for user in holders(Role.MANAGER)}


def of_team(team_id: int | None, roles: Sequence[str]) -> People:
    """The active people of a team who hold one of these roles."""
    found = sa.select(User.id).join(UserRole, UserRole.user_id == User.id)
    found = found.where(User.active, User.team_id == team_id, UserRole.role.in_(roles))
    return set(session.scalars(found)) if team_id is not None else set()


def action_owner(event: Any) -> People:
    """who is to act on a missed figure"""
    action = session.get(KpiAction, event.action_id)
    return {action.owner_id} if action is not None and action.closed_at is None else set()


def action_maker(event: Any) -> People:
    """who asked for the action"""
    return {event.made_by_id}


def action_people(event: Any) -> People:
    """who is to act on a missed figure, and who asked for it"""
    return action_owner(event) and action_owner(event) | action_maker(event)


def course_author(event: Any) -> People:
    """the trainer whose course it is"""
    course = session.get(Course, event.course_id)
    return {course.author_id} if course is not None and course.state is CourseState.PUBLISHED else set()


def earlier_readers(event: Any) -> People:
    """who confirmed an earlier major version of the lesson"""
    return who_reads_again(event.lesson_id)


def learners(event: Any) -> People:
    """whom it concerns and who has not completed it: also who came into its audience later"""
    return set(event.user_ids)


def deputy(event: Any) -> People:
    """the deputy"""
    return {event.deputy_id} if event.deputy_id else set()


# ── who may know ─────────────────────────────────────────────────────────────────────────────────────────────────────


def may_know(actor: Actor, kind: str, subject_id: int) -> bool:
    """Whether a person may know of the thing that a notice or mail speaks of."""
    if kind == "task":
        task = session.get(Task, subject_id)
        return task is not None and can(actor, Reviewing.SEE_TASK, task)
    if kind == "article":
        return _can(actor, Articles.READ, Article, subject_id)
    if kind == "course":
        return _can(actor, Training.SEE_COURSE, Course, subject_id)
    if kind == "writing_task":
        return _can(actor, Search.SEE_WRITING, WritingTask, subject_id)
    if kind in FURTHER:
        return FURTHER[kind](actor, subject_id)
    if kind == "kpi_action":
        return _can(actor, Cuika.SEE_ACTION, KpiAction, subject_id)
    if kind == "card_appeal":
        return may_see_appeal(actor, subject_id)
    if kind == "user":
        return True  # absences are told to the deputy alone
    return subjects.subject(kind).visible(actor, subject_id)


def _can(actor: Actor, permission: Any, table: Any, key: int) -> bool:
    thing = session.get(table, key)
    return thing is not None and can(actor, permission, thing)


def people(ids: Iterable[int]) -> list[User]:
    """The active ones of these people."""
    found = sa.select(User).options(joinedload(User.team)).where(User.id.in_(sorted(ids)), User.active)
    return list(session.scalars(found.order_by(User.id)))
