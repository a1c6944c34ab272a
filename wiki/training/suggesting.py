"""What a course might teach next: articles that are new, changed, of its own categories, or taught nowhere yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core.actors import Actor
from core.db import session
from core.errors import Conflict
from core.i18n import _
from core.permissions import require
from wiki.articles import queries as articles
from wiki.articles.models import Article
from wiki.training import ops
from wiki.training.models import Course, Lesson
from wiki.training.permissions import P

LATELY = timedelta(days=90)  # 'new' for a course that was never published
MOST = 8
AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article and the reasons for which it may belong into the course; the first is the strongest."""

    article: Article
    reasons: tuple[str, ...]


def since(course: Course) -> datetime:
    """From when on an article counts as new to this course."""
    return course.published_at or course.created_at - LATELY


def suggested(course: Course, actor: Actor) -> list[Suggestion]:
    """Published articles that this trainer may read and the course does not teach: those with most reasons first.

    Reasons: a category that the course teaches already; published or changed since the course was; taught nowhere.
    """
    mine = {lesson.article_id for lesson in course.lessons}
    paths = {lesson.article.category_id for lesson in course.lessons} - {None}
    taught = sa.exists().where(Lesson.article_id == Article.id, Lesson.removed_at.is_(None))
    kin = Article.category_id.in_(sorted(paths))
    fresh = Article.updated_at >= since(course)
    rank = sa.case((kin, 4), else_=0) + sa.case((fresh, 2), else_=0) + sa.case((~taught, 1), else_=0)
    found = (
        articles.published(actor)
        .where(Article.id.not_in(sorted(mine)), Article.provisional.is_(None), sa.or_(kin, fresh, ~taught))
        .add_columns(kin, fresh, ~taught)
        .order_by(None)
        .order_by(rank.desc(), Article.updated_at.desc(), Article.id)
        .options(joinedload(Article.category))
        .limit(MOST)
    )
    return [
        Suggestion(article, _reasons(article, kin=bool(in_kin), fresh=bool(is_fresh), untaught=bool(untaught)))
        for article, in_kin, is_fresh, untaught in session.execute(found).unique()
    ]


def _reasons(article: Article, *, kin: bool, fresh: bool, untaught: bool) -> tuple[str, ...]:
    found = []
    if kin and article.category is not None:
        found.append(_("also in %(category)s", category=article.category.name))
    if fresh:
        found.append(_("new or changed"))
    if untaught:
        found.append(_("taught nowhere yet"))
    return tuple(found)


def add_several(course: Course, actor: Actor, slugs: Sequence[str]) -> int:
    """The course teaches these articles as they are now, in this order; those it teaches already are passed over.
    Returns how many are new.

    Raises:
        Forbidden, Conflict: too many at once.
        Invalid: one of them is not there.
    """
    require(actor, P.TEACH)
    if len(slugs) > AT_ONCE:
        raise Conflict(_("Choose %(n)s articles at most in one go.", n=AT_ONCE), code="too-many")
    before = {lesson.article.slug for lesson in course.lessons}
    wanted = [slug for slug in dict.fromkeys(slugs) if slug not in before]
    for slug in wanted:  # all or none
        ops.pinnable(actor, slug, None)
    for slug in wanted:
        ops.add_lesson(course, actor, slug)
    return len(wanted)
