"""Who learns and who teaches – as predicates, and as the SQL that lists exactly the same."""

import sqlalchemy as sa

from accounts.rules import REVIEWERS, Role
from core.actors import Actor
from core.permissions import Permission, all_of, any_of, anybody, can, grant, holds
from wiki.articles.models import Article, Audience
from wiki.articles.permissions import P as Reading
from wiki.articles.permissions import may_read
from wiki.articles.rules import tokens_of
from wiki.training.models import Attempt, Course, Lesson
from wiki.training.rules import CourseState


class P(Permission):
    """Permissions of the classroom."""

    LEARN = "take courses"
    TEACH = "build, publish and assign courses, and see who has learned"
    SEE_COURSE = "see a course"
    TAKE_COURSE = "read the lessons and answer the quizzes of a course"
    READ_LESSON = "read the pinned text of a lesson"
    SEE_ATTEMPT = "see the result of an attempt"
    VOID_ATTEMPT = "declare an attempt void"
    ASK_TO_CONFIRM = "ask people to confirm that they have read a text"
    CHASE = "see who has not confirmed what they are to read"


teaches = holds(Role.TRAINING, Role.MANAGER)


def is_published(actor: Actor, course: Course) -> bool:
    """Open to learners."""
    return course.state is CourseState.PUBLISHED


def is_in_its_circle(actor: Actor, lesson: Lesson) -> bool:
    """The audience of the article takes this person, and so did that of the pinned version.

    Not asked: whether the article is still live – a pin outlives that.
    """
    article: Article = lesson.article
    if actor.holds(Role.MANAGER):
        return True
    tokens = tokens_of(actor)
    closed = article.audience is Audience.RESTRICTED and article.owner_id != actor.id
    if closed and not any(row.token in tokens for row in article.readers):
        return False
    return lesson.publication.revision_id == article.revision_id or can(actor, Reading.READ_VERSION, lesson.publication)


def made_it(actor: Actor, attempt: Attempt) -> bool:
    """It is their own attempt."""
    return attempt.user_id == actor.id


def made_by_another(actor: Actor, attempt: Attempt) -> bool:
    """It is somebody else's attempt."""
    return attempt.user_id != actor.id


def owns_it(actor: Actor, article: Article) -> bool:
    """It is their text to keep true."""
    return article.owner_id == actor.id


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_COURSE, over ``Course``."""
    return sa.true() if teaches(actor, None) else Course.state == CourseState.PUBLISHED


def open_to_learn(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of TAKE_COURSE, over ``Course``."""
    return Course.state == CourseState.PUBLISHED


def results(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_ATTEMPT, over ``Attempt``."""
    return sa.true() if teaches(actor, None) else Attempt.user_id == actor.id


grant(
    {
        P.LEARN: anybody,
        P.TEACH: teaches,
        P.SEE_COURSE: any_of(is_published, teaches),
        P.TAKE_COURSE: all_of(anybody, is_published),
        P.READ_LESSON: is_in_its_circle,
        P.SEE_ATTEMPT: any_of(made_it, teaches),
        P.VOID_ATTEMPT: all_of(teaches, made_by_another),
        P.ASK_TO_CONFIRM: all_of(may_read, any_of(holds(*REVIEWERS, Role.MANAGER), owns_it)),
        P.CHASE: holds(*REVIEWERS, Role.MANAGER),
    },
    lists={P.SEE_COURSE: visible, P.TAKE_COURSE: open_to_learn, P.SEE_ATTEMPT: results},
)
