"""Who may read, write, submit and follow – as predicates and as the SQL that lists exactly the same."""

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.permissions import Permission, all_of, any_of, anybody, grant, holds, none_of
from wiki.articles.models import (
    EDITABLE,
    Article,
    ArticleReader,
    Audience,
    ProvisionalPublication,
    Publication,
    Revision,
    Submission,
    SubmissionAuthor,
)
from wiki.articles.rules import ProvisionalState, tokens_of
from workflows.models import Review, Task
from workflows.permissions import seats_of, touched

KEEPERS = ("business", "qa", "training", "supervisor")  # who stands in for an owner that is gone


class P(Permission):
    """Permissions over texts."""

    READ = "read an article"
    READ_VERSION = "read an older version of an article"
    PROPOSE = "propose knowledge"
    KNOW_SUBMISSION = "know that a submission exists"
    READ_SUBMISSION = "read the text of a submission"
    EDIT_SUBMISSION = "edit a submission"
    SUBMIT = "submit a submission"
    WITHDRAW = "withdraw a submission"
    ASK_EMERGENCY = "ask for publication in an emergency"
    SIGN_EMERGENCY = "give the second signature in an emergency"
    PUBLISH_WORKAROUND = "make a text visible before its review"
    SEE_PROVISIONAL = "see what was published before its review"
    MANAGE_ARTICLES = "import, retire and restore articles"
    KEEP = "keep a published text true"
    ASK_TO_LOOK = "ask whoever keeps a text to look at it again"
    SCHEDULE = "say from when and until when readers see a text"


def may_read(actor: Actor, article: Article) -> bool:
    """Published, and the reader shows a token that its audience takes. A manager reads everything published."""
    if not article.live:
        return False
    if article.audience is not Audience.RESTRICTED or actor.holds("manager"):
        return True
    tokens = tokens_of(actor)
    return article.owner_id == actor.id or any(row.token in tokens for row in article.readers)


def may_read_version(actor: Actor, publication: Publication) -> bool:
    """What was meant for a closed circle stays there, also when the article was opened to others later.

    Asked about articles that the person may read; it covers the versions that are no longer live. What was rolled back
    was never approved: it is a proposal again, for those who may read proposals.
    """
    revision, early = publication.revision, publication.provisional
    if (
        early is not None
        and early.state is ProvisionalState.ROLLED_BACK
        and not reads_it(actor, publication.submission)
    ):
        return False
    if revision.audience is not Audience.RESTRICTED or actor.holds("manager"):
        return True
    return revision.author_id == actor.id or not tokens_of(actor).isdisjoint(revision.readers)


def readable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of READ, over ``Article``."""
    if actor.holds("manager"):
        return Article.live.is_(True)
    listed = sa.exists().where(
        ArticleReader.article_id == Article.id, ArticleReader.token.in_(sorted(tokens_of(actor)))
    )
    return sa.and_(Article.live, sa.or_(Article.audience != Audience.RESTRICTED, Article.owner_id == actor.id, listed))


def wrote_it(actor: Actor, submission: Submission) -> bool:
    """Author or co-author."""
    return actor.id in submission.author_ids


def is_editable(actor: Actor, submission: Submission) -> bool:
    """Draft, returned or under review."""
    return submission.state in EDITABLE


def is_unrestricted(actor: Actor, submission: Submission) -> bool:
    """Its text is not meant for a closed circle, nor is the article that it would change.

    Opening an article to others is itself a proposal: until it is approved, its title stays in the circle.
    """
    if submission.head is not None and submission.head.audience is Audience.RESTRICTED:
        return False
    article = submission.article
    return article is None or article.audience is not Audience.RESTRICTED or may_read(actor, article)


def left_the_desk(actor: Actor, submission: Submission) -> bool:
    """It was submitted at least once: a draft is its author's own."""
    return submission.submitted_at is not None


def holds_a_task(actor: Actor, submission: Submission) -> bool:
    """A seat of its reviews is or was this person's, or they judged in one."""
    found = sa.select(Review.id).where(
        Review.subject_kind == "submission", Review.subject_id == submission.id, _had_a_hand(actor)
    )
    return session.scalar(found.limit(1)) is not None


def _had_a_hand(actor: Actor) -> sa.ColumnElement[bool]:
    """Reviews with a task, open or past, in a seat of this person, or with a verdict of theirs, over ``Review``."""
    return sa.or_(sa.exists().where(Task.review_id == Review.id, seats_of(actor)), touched(actor))


def is_asked_to_sign(actor: Actor, submission: Submission) -> bool:
    """A supervisor reads what waits for a second signature; a text for a closed circle only with a seat in its review.

    (A manager reads every submission anyway.)
    """
    asked = sa.select(ProvisionalPublication.id).where(
        ProvisionalPublication.submission_id == submission.id, ProvisionalPublication.state == ProvisionalState.ASKED
    )
    return (
        actor.holds("supervisor") and is_unrestricted(actor, submission) and session.scalar(asked.limit(1)) is not None
    )


def _signable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of ``is_asked_to_sign``, over ``Submission``."""
    if not actor.holds("supervisor"):
        return sa.false()
    asked = sa.exists().where(
        ProvisionalPublication.submission_id == Submission.id, ProvisionalPublication.state == ProvisionalState.ASKED
    )
    closed = sa.exists().where(Revision.id == Submission.head_revision_id, Revision.audience == Audience.RESTRICTED)
    readers = sa.or_(Article.audience != Audience.RESTRICTED, readable(actor))
    article = sa.exists().where(Article.id == Submission.article_id, readers)
    return sa.and_(
        asked.correlate(Submission),
        sa.not_(closed.correlate(Submission)),
        sa.or_(Submission.article_id.is_(None), article.correlate(Submission)),
    )


def knowable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of READ_SUBMISSION, over ``Submission``: own ones, those judged or to be judged, all for a manager."""
    mine = sa.exists().where(SubmissionAuthor.submission_id == Submission.id, SubmissionAuthor.user_id == actor.id)
    left = Submission.submitted_at.is_not(None)
    if actor.holds("manager"):
        return sa.or_(mine, left)
    review_of = sa.and_(Review.subject_kind == "submission", Review.subject_id == Submission.id)
    return sa.or_(mine, sa.and_(left, sa.or_(_signable(actor), sa.exists().where(review_of, _had_a_hand(actor)))))


def keeps_it(actor: Actor, article: Article) -> bool:
    """Its owner; when there is none, the reviewers and supervisors of the team it fell to."""
    if article.owner_id is not None:
        return article.owner_id == actor.id
    return article.owner_team_id is not None and article.owner_team_id == actor.team_id and actor.holds(*KEEPERS)


def kept(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of ``keeps_it``, over ``Article``."""
    mine = Article.owner_id == actor.id
    if actor.team_id is None or not actor.holds(*KEEPERS):
        return mine
    return sa.or_(mine, sa.and_(Article.owner_id.is_(None), Article.owner_team_id == actor.team_id))


reads_it = any_of(wrote_it, all_of(left_the_desk, any_of(holds("manager"), holds_a_task, is_asked_to_sign)))


grant(
    {
        P.READ: may_read,
        P.READ_VERSION: may_read_version,
        P.PROPOSE: anybody,
        P.KNOW_SUBMISSION: any_of(
            wrote_it, all_of(left_the_desk, any_of(is_unrestricted, holds_a_task, holds("manager")))
        ),
        P.READ_SUBMISSION: reads_it,
        P.EDIT_SUBMISSION: all_of(is_editable, any_of(wrote_it, all_of(left_the_desk, holds_a_task))),
        P.SUBMIT: wrote_it,
        P.WITHDRAW: wrote_it,
        P.ASK_EMERGENCY: all_of(holds("supervisor", "manager"), none_of(wrote_it), reads_it),
        P.SIGN_EMERGENCY: all_of(holds("supervisor", "manager"), none_of(wrote_it)),  # and reads it: asked when signing
        P.PUBLISH_WORKAROUND: all_of(holds("supervisor", "business", "manager"), none_of(wrote_it), reads_it),
        P.SEE_PROVISIONAL: holds("supervisor", "business", "manager"),
        P.MANAGE_ARTICLES: holds("manager"),
        P.ASK_TO_LOOK: all_of(may_read, holds("supervisor", "training", "manager")),
        P.KEEP: any_of(holds("manager"), all_of(may_read, keeps_it)),
        P.SCHEDULE: any_of(all_of(is_editable, wrote_it), all_of(left_the_desk, holds("manager"))),
    },
    lists={P.READ: readable, P.READ_SUBMISSION: knowable},
)
