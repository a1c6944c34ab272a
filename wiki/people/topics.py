"""What somebody knows about: the categories in which they wrote, judged, answered, and used texts in calls."""

from collections import Counter

import sqlalchemy as sa
from flask import url_for

from core.actors import Actor
from core.db import session
from core.permissions import allowed, can
from wiki.articles.models import Article, Audience, Category, Publication, Revision, Submission, SubmissionAuthor
from wiki.articles.permissions import P as Articles
from wiki.feedback.flag_models import Flag, FlagNote
from wiki.feedback.flag_rules import Act as FlagAct
from wiki.feedback.models import Feedback, stands
from wiki.people.holdings import only_theirs
from wiki.people.leaving_rules import Topic, ranked
from workflows.definitions import steps_of
from workflows.models import Decision, ExpertRequest, Review
from workflows.rules import VERDICTS

SOME = 100  # sources of one topic that a page lists
Source = tuple[str, str]  # title, address


def _wrote(user_id: int) -> sa.Select[int | None, int]:
    """(category, submission) of what was published with this person as an author."""
    return (
        sa.select(Revision.category_id, Submission.id)
        .join(SubmissionAuthor, SubmissionAuthor.submission_id == Submission.id)
        .join(Publication, Publication.submission_id == Submission.id)
        .join(Revision, Revision.id == Publication.revision_id)
        .where(SubmissionAuthor.user_id == user_id)
        .distinct()
    )


def _judged(user_id: int) -> sa.Select[str | None, int]:
    """(path, review) of what this person decided, blindly too: it is counted, not told."""
    return (
        sa.select(Review.category, Review.id)
        .join(Decision, Decision.review_id == Review.id)
        .where(Decision.actor_id == user_id, Decision.verb.in_(VERDICTS))
        .distinct()
    )


def _flags(user_id: int) -> sa.Select[int | None, int, int]:
    """(category, flag, article) of readers' flags that this person answered."""
    return (
        sa.select(Article.category_id, Flag.id, Article.id)
        .join(Flag, Flag.article_id == Article.id)
        .join(FlagNote, FlagNote.flag_id == Flag.id)
        .where(FlagNote.user_id == user_id, FlagNote.act == FlagAct.ANSWER.value)
        .distinct()
    )


def _opinions(user_id: int) -> sa.Select[str | None, int]:
    """(path, request) of expert's opinions that this person gave."""
    return (
        sa.select(Review.category, ExpertRequest.id)
        .join(ExpertRequest, ExpertRequest.review_id == Review.id)
        .where(ExpertRequest.user_id == user_id, ExpertRequest.answered_at.is_not(None))
    )


def _used(user_id: int) -> sa.Select[int | None, int, int]:
    """(category, mark, article) of what this person used in calls."""
    return (
        sa.select(Article.category_id, Feedback.id, Article.id)
        .join(Feedback, Feedback.article_id == Article.id)
        .where(Feedback.user_id == user_id, Feedback.used_in_call, stands())
    )


def topics(user_id: int) -> list[Topic]:
    """The categories of this person, most acts first. Seven statements, however much they did."""
    names = {row.id: row for row in session.scalars(sa.select(Category))}
    by_slug = {row.slug: row.id for row in names.values()}
    wrote = Counter(row[0] for row in session.execute(_wrote(user_id)))
    judged = Counter(_last(row[0], by_slug) for row in session.execute(_judged(user_id)))
    answered = Counter(row[0] for row in session.execute(_flags(user_id)))
    answered += Counter(_last(row[0], by_slug) for row in session.execute(_opinions(user_id)))
    used = Counter(row[0] for row in session.execute(_used(user_id)))
    return ranked(
        Topic(key, row.slug, row.name, wrote[key], judged[key], answered[key], used[key]) for key, row in names.items()
    )


def _last(path: str | None, by_slug: dict[str, int]) -> int | None:
    steps = steps_of(path) if path else ()
    return by_slug.get(steps[-1]) if steps else None


def titles(user_id: int) -> list[str]:
    """What only they wrote and everybody here may read, most used in calls first: who is asked to talk to them later
    sees the questions, too."""
    uses = sa.select(sa.func.count()).where(Feedback.article_id == Article.id, Feedback.used_in_call, stands())
    found = sa.select(Article.title).where(Article.live, only_theirs(user_id), Article.audience != Audience.RESTRICTED)
    return list(session.scalars(found.order_by(uses.scalar_subquery().desc(), Article.title).limit(SOME)))


def sources(user_id: int, category: Category, reader: Actor) -> dict[str, list[Source]]:
    """Where the figures of one topic come from, as far as the reader may know of it: wrote, judged, answered, used."""
    below = Review.category.in_([category.path])
    wrote = session.scalars(
        sa.select(Article)
        .where(
            Article.id.in_(
                sa.select(Publication.article_id).where(
                    Publication.submission_id.in_(_wrote(user_id).where(Revision.category_id == category.id)
                                                  .with_only_columns(Submission.id)))
            ),
            allowed(reader, Articles.READ),
        )
        .order_by(Article.title, Article.id)
        .limit(SOME)
    )  # fmt: skip
    seen = sa.select(Submission).where(
        Submission.id.in_(
            sa.select(Review.subject_id)
            .join(Decision, Decision.review_id == Review.id)
            .where(
                Review.subject_kind == "submission", below, Decision.actor_id == user_id, Decision.verb.in_(VERDICTS),
                sa.not_(Decision.blind),
            )
        )
    ).order_by(Submission.id.desc()).limit(SOME)  # fmt: skip
    return {
        "wrote": [_of_article(one) for one in wrote],
        "judged": [_of(one) for one in session.scalars(seen) if can(reader, Articles.KNOW_SUBMISSION, one)],
        "answered": _articles_in(_flags(user_id), category, reader),
        "used": _articles_in(_used(user_id), category, reader),
    }


def _articles_in(found: sa.Select[int | None, int, int], category: Category, reader: Actor) -> list[Source]:
    ids = {row[2] for row in session.execute(found.where(Article.category_id == category.id))}
    rows = sa.select(Article).where(Article.id.in_(ids), allowed(reader, Articles.READ)).order_by(Article.title)
    return [_of_article(one) for one in session.scalars(rows.limit(SOME))] if ids else []


def _of_article(article: Article) -> Source:
    return article.title, url_for("articles.show", slug=article.slug)


def _of(submission: Submission) -> Source:
    return submission.head.title if submission.head else "", url_for("submissions.show", submission_id=submission.id)
