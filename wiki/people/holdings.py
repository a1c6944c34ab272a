"""What only one person holds: texts, drafts, courses, tasks, categories, actions, reviews; and what they know about.

Titles are shown as far as the reader of the page may know them; what may not be seen is counted, never named.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.i18n import _, _n
from core.permissions import allowed, can
from wiki.articles.kinds import KINDS
from wiki.articles.models import EDITABLE, Article, Audience, Category, Publication, Submission, SubmissionAuthor
from wiki.articles.permissions import P as Articles
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import FlagState
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_permissions import P as Actions
from wiki.kpi.cuika_rules import ActionState
from wiki.people.leaving_rules import SORT_NAMES, Sort
from wiki.search.gap_models import WritingTask
from wiki.search.writing_rules import LIVE
from wiki.training.models import Course
from wiki.training.permissions import P as Teaching
from workflows.caretaker_models import Caretaker
from workflows.models import Task
from workflows.permissions import P as Reviews
from workflows.rules import TaskState

Key = tuple[Sort, int]
Link = tuple[str, dict[str, Any]]  # endpoint and values: the worker has no addresses


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing that this person holds. ``sole``: only they wrote it. ``mine``: it is theirs to hand over – a text may
    be written by them alone and kept by a colleague already. ``about``: a few words."""

    sort: Sort
    id: int
    title: str
    link: Link | None
    about: str = ""
    sole: bool = False
    mine: bool = True

    @property
    def key(self) -> Key:
        """What a hand-over names it by."""
        return self.sort, self.id


@dataclass(frozen=True, slots=True)
class Held:
    """All of it. ``hidden``: texts that the reader may not know of."""

    rows: tuple[Holding, ...]
    hidden: int

    @property
    def keys(self) -> set[Key]:
        """What can be handed over here."""
        return {one.key for one in self.rows if one.mine}


def held(user: User, reader: Actor) -> Held:
    """What this person holds, as the reader may see it."""
    articles, closed = _articles(user.id, reader)
    drafts, shut = _drafts(user.id, reader)
    rows = [*articles, *drafts, *_courses(user.id, reader), *_writing(user.id), *_categories(user.id)]
    rows += _actions(user.id, reader)
    return Held(tuple(rows), closed + shut)


def only_theirs(user_id: int) -> sa.ColumnElement[bool]:
    """Over ``Article``: of everything that was ever published of it, this person is the one author."""
    by = (
        sa.select(SubmissionAuthor.user_id)
        .join(Publication, Publication.submission_id == SubmissionAuthor.submission_id)
        .where(Publication.article_id == Article.id)
    )
    mine, others = by.where(SubmissionAuthor.user_id == user_id), by.where(SubmissionAuthor.user_id != user_id)
    return sa.and_(mine.exists(), sa.not_(others.exists()))


def _articles(user_id: int, reader: Actor) -> tuple[list[Holding], int]:
    sole, owner = only_theirs(user_id), sa.select(User.name).where(User.id == Article.owner_id).scalar_subquery()
    flags = sa.select(sa.func.count()).where(Flag.article_id == Article.id, Flag.state != FlagState.ANSWERED)
    known = sa.or_(allowed(reader, Articles.READ), sa.literal(reader.id == user_id))
    rows = session.execute(
        sa.select(Article, sole, owner, flags.scalar_subquery(), known)
        .where(Article.live, sa.or_(Article.owner_id == user_id, sole))
        .order_by(Article.title, Article.id)
    ).all()
    found = []
    for article, alone, name, waiting, seen in rows:
        if not seen:
            continue
        mine = article.owner_id == user_id
        words = [str(KINDS[article.kind].label)]
        if waiting:
            words.append(_n("%(num)s reader’s flag waits", "%(num)s readers’ flags wait", waiting))
        if not mine:
            words.append(_("kept by %(name)s", name=name) if name else _("kept by the team"))
        link: Link = ("articles.show", {"slug": article.slug})
        found.append(Holding(Sort.ARTICLE, article.id, article.title, link, " · ".join(words), bool(alone), mine))
    return found, len(rows) - len(found)


def _drafts(user_id: int, reader: Actor) -> tuple[list[Holding], int]:
    """A draft that was never handed in is its author's own: others see that there is one, not what it says."""
    found, hidden = [], 0
    rows = sa.select(Submission).where(Submission.author_id == user_id, Submission.state.in_(EDITABLE))
    for one in session.scalars(rows.order_by(Submission.updated_at.desc(), Submission.id)):
        if one.head is None:
            continue  # nothing was written
        kind = str(KINDS[one.kind].label)
        if can(reader, Articles.KNOW_SUBMISSION, one):
            title, link = one.head.title, ("submissions.show", {"submission_id": one.id})
        elif one.head.audience is Audience.RESTRICTED:
            hidden += 1
            continue
        else:
            title, link = _("A draft that was not handed in yet"), None
        found.append(Holding(Sort.DRAFT, one.id, title or kind, link, kind, len(one.author_ids) == 1))
    return found, hidden


def _courses(user_id: int, reader: Actor) -> list[Holding]:
    """A course that learners do not see yet is named to those only who teach."""
    rows = session.scalars(sa.select(Course).where(Course.author_id == user_id).order_by(Course.title, Course.id))
    found = []
    for one in rows:
        link: Link | None = ("training.course", {"slug": one.slug})
        title = one.title
        if not can(reader, Teaching.SEE_COURSE, one):
            title, link = str(SORT_NAMES[Sort.COURSE]), None
        found.append(Holding(Sort.COURSE, one.id, title, link))
    return found


def _writing(user_id: int) -> list[Holding]:
    theirs = sa.or_(
        WritingTask.taken_by_id == user_id,
        sa.and_(WritingTask.taken_by_id.is_(None), WritingTask.user_id == user_id),
    )
    rows = session.scalars(sa.select(WritingTask).where(WritingTask.state.in_(LIVE), theirs).order_by(WritingTask.id))
    return [Holding(Sort.WRITING, one.id, one.question, ("writing.show", {"task_id": one.id})) for one in rows]


def _categories(user_id: int) -> list[Holding]:
    rows = session.execute(
        sa.select(Category.id, Category.name)
        .join(Caretaker, Caretaker.category == Category.slug)
        .where(Caretaker.user_id == user_id)
        .order_by(Category.path)
    )
    return [Holding(Sort.CATEGORY, number, name, None) for number, name in rows]


def _actions(user_id: int, reader: Actor) -> list[Holding]:
    """What an action says – of the figures of a team, or of one person – is for those only who may see it."""
    rows = session.scalars(
        sa.select(KpiAction)
        .where(KpiAction.owner_id == user_id, KpiAction.state == ActionState.OPEN)
        .order_by(KpiAction.due_on, KpiAction.id)
    )
    hidden = str(SORT_NAMES[Sort.ACTION])
    return [
        Holding(Sort.ACTION, one.id, one.what if can(reader, Actions.SEE_ACTION, one) else hidden, None) for one in rows
    ]


def words_for(keys: Sequence[Key], reader: Actor) -> dict[Key, tuple[str, Link | None]]:
    """Title and address of things that are handed over, as the reader may know them."""
    by_sort: dict[Sort, list[int]] = defaultdict(list)
    for sort, number in keys:
        by_sort[sort].append(number)
    found: dict[Key, tuple[str, Link | None]] = {}
    for article in _rows(Article, by_sort[Sort.ARTICLE]):
        known = can(reader, Articles.READ, article)
        shown = (article.title, ("articles.show", {"slug": article.slug}))
        found[Sort.ARTICLE, article.id] = shown if known else (_("A text for a closed circle"), None)
    for draft in _rows(Submission, by_sort[Sort.DRAFT]):
        known = draft.head is not None and can(reader, Articles.KNOW_SUBMISSION, draft)
        shown = (draft.head.title if draft.head else "", ("submissions.show", {"submission_id": draft.id}))
        found[Sort.DRAFT, draft.id] = shown if known else (_("A draft: %(kind)s", kind=KINDS[draft.kind].label), None)
    for course in _rows(Course, by_sort[Sort.COURSE]):
        found[Sort.COURSE, course.id] = course.title, ("training.course", {"slug": course.slug})
    for task in _rows(WritingTask, by_sort[Sort.WRITING]):
        found[Sort.WRITING, task.id] = task.question, ("writing.show", {"task_id": task.id})
    for node in _rows(Category, by_sort[Sort.CATEGORY]):
        found[Sort.CATEGORY, node.id] = node.name, None
    for action in _rows(KpiAction, by_sort[Sort.ACTION]):
        found[Sort.ACTION, action.id] = action.what, None
    return found


def _rows(table: type, ids: list[int]) -> list:  # type: ignore[type-arg]
    return list(session.scalars(sa.select(table).where(table.id.in_(ids)))) if ids else []  # type: ignore[attr-defined]


def open_reviews(user_id: int, reader: Actor) -> tuple[list[Task], int]:
    """Reviews that lie with this person and that the reader may know of, soonest first; and how many there are."""
    rows = session.scalars(
        sa.select(Task)
        .where(Task.state == TaskState.OPEN, Task.claimed_by_id == user_id)
        .order_by(Task.due_at.is_(None), Task.due_at, Task.id)
    ).all()
    return [one for one in rows if can(reader, Reviews.SEE_TASK, one)], len(rows)
