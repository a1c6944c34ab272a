"""How each sort of thing changes hands: by the verb of the package that owns it. Nothing is written here."""

from collections.abc import Callable

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.db import lock, session
from core.errors import DomainError
from core.i18n import _
from wiki.articles import co_authoring, lifecycle
from wiki.articles.models import Article, Category
from wiki.kpi import cuika_ops
from wiki.kpi.cuika_models import KpiAction
from wiki.people.leaving_rules import Sort
from wiki.search import writing
from wiki.search.gap_models import WritingTask
from wiki.search.writing_rules import LIVE
from wiki.training import ops as teaching
from wiki.training.models import Course
from workflows import caretakers
from workflows.caretaker_models import Caretaker
from workflows.caretakers import SIT_IN_SEATS

Pass = Callable[[int, User, User, Actor | None], None]


def _article(number: int, before: User, after: User, actor: Actor | None) -> None:
    article = lock(Article, number)
    if article is not None and article.owner_id in {before.id, None}:  # a colleague who took it meanwhile keeps it
        lifecycle.pass_on(article, after, actor)


def _draft(number: int, before: User, after: User, actor: Actor | None) -> None:
    co_authoring.join(number, after, actor)


def _course(number: int, before: User, after: User, actor: Actor | None) -> None:
    course = lock(Course, number)
    if course is not None and course.author_id == before.id:
        teaching.pass_on(course, after, actor)


def _writing(number: int, before: User, after: User, actor: Actor | None) -> None:
    task = lock(WritingTask, number)
    if task is not None and task.state in LIVE and before.id == (task.taken_by_id or task.user_id):
        writing.pass_on(task, after, actor)


def _category(number: int, before: User, after: User, actor: Actor | None) -> None:
    slug = session.scalar(sa.select(Category.slug).where(Category.id == number))
    if slug is not None and session.get(Caretaker, (before.id, slug)) is not None:
        caretakers.pass_on(slug, before.id, after, actor)


def _action(number: int, before: User, after: User, actor: Actor | None) -> None:
    action = lock(KpiAction, number)
    if action is not None and action.owner_id == before.id:
        cuika_ops.pass_on(action, after, actor)


HOW: dict[Sort, Pass] = {
    Sort.ARTICLE: _article,
    Sort.DRAFT: _draft,
    Sort.COURSE: _course,
    Sort.WRITING: _writing,
    Sort.CATEGORY: _category,
    Sort.ACTION: _action,
}


def pass_on(sort: Sort, number: int, before: User, after: User, actor: Actor | None) -> str:
    """The thing is the successor's, unless somebody else has it by now or it is closed. Why it could not be, else ''.

    What cannot pass leaves everything as it was.
    """
    try:
        with session.begin_nested():
            HOW[sort](number, before, after, actor)
    except DomainError as error:
        return error.sentence
    return ""


def may_take(sort: Sort, user: User) -> str:
    """Why this person can never take such a thing; '' when they can."""
    if not user.active:
        return _("%(name)s can no longer sign in.", name=user.name)
    if sort is Sort.COURSE and user.roles.isdisjoint({Role.TRAINING, Role.MANAGER}):
        return _("%(name)s builds no courses.", name=user.name)
    if sort is Sort.CATEGORY and user.roles.isdisjoint(SIT_IN_SEATS):
        return _("%(name)s reviews nothing, and so cannot look after a category.", name=user.name)
    return ""
