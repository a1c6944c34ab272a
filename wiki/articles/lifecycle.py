"""What happens to a published text as time goes by: it waits for its day, is looked at again, changes hands and ends.

The worker does what is due; people may do it before. Each act is in the trail, and a moment later the page shows it.
"""

from datetime import datetime

import sqlalchemy as sa

from accounts.events import PersonDisabled
from accounts.models import Team, User
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import lock, session
from core.errors import Conflict, IllegalMove, Invalid
from core.events import emit, on
from core.i18n import _, local
from core.permissions import require
from wiki.articles.events import ArticleTouched, ArticleVerified, ExpiryNear, OwnershipFell, VerificationDue
from wiki.articles.lifecycle_rules import INTERVALS, WARNING, due
from wiki.articles.models import Article, Submission, SubmissionState, Verification
from wiki.articles.permissions import P
from wiki.articles.publishing import end, hold, publish

SUBJECT = "submission"
SOME = 200  # texts in one turn of a chore


# ── waiting for its day ──────────────────────────────────────────────────────────────────────────────────────────────


def schedule(submission: Submission, actor: Actor, *, publish_at: datetime | None, expires_at: datetime | None) -> None:
    """Readers see it from ``publish_at`` (``None``: as soon as it is approved) until ``expires_at`` (``None``: open).

    Raises:
        Forbidden, IllegalMove, Invalid: by field.
    """
    if submission.state not in {*BEFORE_READERS}:
        raise IllegalMove(_("This text is closed; nothing can be planned for it any more."))
    require(actor, P.SCHEDULE, submission)
    _must_be_in_order(publish_at, expires_at)
    if submission.state is SubmissionState.APPROVED and publish_at is None:
        raise Invalid({"publish_at": _("It is approved: give the new time, or publish it now.")})
    submission.publish_at, submission.expires_at = publish_at, expires_at
    audit.record(
        actor,
        "schedule",
        subject_kind=SUBJECT,
        subject_id=submission.id,
        details={
            "publish_at": publish_at.isoformat() if publish_at else None,
            "expires_at": expires_at.isoformat() if expires_at else None,
        },
    )
    session.flush()


BEFORE_READERS = (
    SubmissionState.DRAFT,
    SubmissionState.IN_REVIEW,
    SubmissionState.RETURNED,
    SubmissionState.APPROVED,
)


def _must_be_in_order(publish_at: datetime | None, expires_at: datetime | None) -> None:
    now = clock.now()
    errors = {}
    if publish_at is not None and publish_at <= now:
        errors["publish_at"] = _("This time is past.")
    if expires_at is not None and expires_at <= max(now, publish_at or now):
        errors["expires_at"] = _("It must end after it has begun.")
    if errors:
        raise Invalid(errors)


def publish_now(submission: Submission, actor: Actor) -> Article:
    """Readers see an approved text at once, before its day.

    Raises:
        Forbidden, IllegalMove.
    """
    require(actor, P.MANAGE_ARTICLES)
    _must_wait(submission)
    audit.record(actor, "publish_now", subject_kind=SUBJECT, subject_id=submission.id)
    return publish(submission, by=actor.id)


def call_off(submission: Submission, actor: Actor) -> None:
    """An approved text will not be published; its author may take it up again.

    Raises:
        Forbidden, IllegalMove.
    """
    require(actor, P.MANAGE_ARTICLES)
    _must_wait(submission)
    submission.state, submission.closed_at = SubmissionState.WITHDRAWN, clock.now()
    audit.record(actor, "call_off", subject_kind=SUBJECT, subject_id=submission.id)
    session.flush()


def _must_wait(submission: Submission) -> None:
    if submission.state is not SubmissionState.APPROVED:
        raise IllegalMove(_("This text does not wait for its day."))


@chore(every=15)
def publish_what_is_due() -> None:
    """Approved texts whose day has come: once each."""
    found = sa.select(Submission.id).where(
        Submission.state == SubmissionState.APPROVED, Submission.publish_at <= clock.now()
    )
    for submission_id in list(session.scalars(found.order_by(Submission.publish_at, Submission.id).limit(SOME))):
        submission = lock(Submission, submission_id)
        if submission is not None and submission.state is SubmissionState.APPROVED:
            audit.record(None, "publish_on_time", subject_kind=SUBJECT, subject_id=submission.id)
            publish(submission)


# ── looking again ────────────────────────────────────────────────────────────────────────────────────────────────────


def verify(article: Article, actor: Actor, *, seen: int | None = None, note: str = "") -> Verification:
    """Somebody found the published text still true; the next look is due an interval later.

    ``seen``: the revision they looked at. Raises Forbidden, Conflict (``moved``: it has changed since).
    """
    require(actor, P.KEEP, article)
    if not article.live or article.revision_id is None:
        raise Conflict(_("This article is not published."), code="illegal-move")
    if seen is not None and seen != article.revision_id:
        raise Conflict(
            _("The text has changed since you opened it (now version %(version)s). Please look again.",
              version=article.version),
            code="moved",
        )  # fmt: skip
    now = clock.now()
    row = Verification(
        article_id=article.id, revision_id=article.revision_id, user_id=actor.id, note=note.strip()[:500], at=now
    )
    session.add(row)
    article.verified_at, article.verify_due_at = now, due(now, article.verify_months)
    audit.record(
        actor, "verify", subject_kind="article", subject_id=article.id, revision_id=article.revision_id, note=row.note
    )
    session.flush()
    emit(ArticleVerified(article.id, article.revision_id, actor.id, now))
    return row


def ask_to_look(article: Article, actor: Actor, *, note: str = "") -> None:
    """Whoever keeps the text is to look at it now, and hears of it at once; asking again changes nothing.

    Raises:
        Forbidden, Conflict (``nobody``): it has no keeper yet.
    """
    require(actor, P.ASK_TO_LOOK, article)
    if article.owner_id is None and article.owner_team_id is None:
        raise Conflict(_("Nobody keeps this text yet: give it an owner first."), code="nobody")
    now = clock.now()
    if article.verify_due_at is not None and article.verify_due_at <= now:
        return
    article.verify_due_at = article.verify_told_for = now
    audit.record(actor, "ask_to_look", subject_kind="article", subject_id=article.id, note=note.strip()[:500])
    session.flush()
    emit(VerificationDue(article.id, now, now))
    emit(ArticleTouched(article.id))


def keep(article: Article, actor: Actor, *, owner: str | None, verify_months: int, expires_at: datetime | None) -> None:
    """Whose text it is, how often it is looked at, and until when readers see it.

    ``owner`` is a username; empty: its team's. Raises Forbidden, Invalid.
    """
    require(actor, P.KEEP, article)
    found, errors = _person(owner), {}
    if owner and found is None:
        errors["owner"] = _("There is nobody active of this name.")
    if verify_months not in {*INTERVALS, article.verify_months}:
        errors["verify_months"] = _("Please choose one of the intervals.")
    if expires_at is not None and expires_at <= clock.now():
        errors["expires_at"] = _("This time is past. To end it now, retire the article.")
    if errors:
        raise Invalid(errors)
    before = _facts(article)
    _give(article, found)
    article.verify_months, article.expires_at = verify_months, expires_at
    article.verify_due_at = due(article.verified_at or article.updated_at, verify_months)
    session.flush()
    after = _facts(article)
    if after != before:
        audit.record(
            actor,
            "keep",
            subject_kind="article",
            subject_id=article.id,
            details={name: [before[name], after[name]] for name in after if before[name] != after[name]},
        )
        emit(ArticleTouched(article.id))


def _person(username: str | None) -> User | None:
    if not username:
        return None
    return session.scalar(sa.select(User).where(User.username == username.strip().lower(), User.active))


def _give(article: Article, owner: User | None) -> None:
    if owner is not None:
        article.owner_id, article.owner_team_id = owner.id, None
    elif article.owner_id is not None:
        last = session.get(User, article.owner_id)
        article.owner_id, article.owner_team_id = None, last.team_id if last is not None else None


def _facts(article: Article) -> dict[str, str | int | None]:
    owner = session.get(User, article.owner_id) if article.owner_id else None
    team = session.get(Team, article.owner_team_id) if article.owner_team_id else None
    return {
        "owner": owner.name if owner else None,
        "team": team.name if team else None,
        "verify_months": article.verify_months,
        "expires_at": f"{local(article.expires_at):%Y-%m-%d %H:%M}" if article.expires_at else None,
    }


def pass_on(article: Article, owner: User, actor: Actor | None) -> None:
    """The text is this person's to keep true. Who may do so was asked above (``wiki.people``); ``None``: the day came.

    Nothing else about the text changes, and passing it to its owner changes nothing.
    """
    if article.owner_id == owner.id:
        return
    before = _facts(article)["owner"]
    _give(article, owner)
    session.flush()
    audit.record(
        actor, "pass_on", subject_kind="article", subject_id=article.id, details={"owner": [before, owner.name]}
    )
    emit(ArticleTouched(article.id))


@on(PersonDisabled)
def fall_to_the_team(event: PersonDisabled) -> None:
    """What somebody owned who is gone is their team's, until somebody takes it."""
    leave_to_the_team(event.user_id, event.team_id)


def leave_to_the_team(user_id: int, team_id: int | None) -> int:
    """What this person owned is the team's, until somebody takes it; returns how many texts that were."""
    theirs = list(session.scalars(sa.select(Article).where(Article.owner_id == user_id)))
    for article in theirs:
        article.owner_id, article.owner_team_id = None, team_id
        audit.record(None, "ownership_fell", subject_kind="article", subject_id=article.id)
    session.flush()
    for article in theirs:
        emit(ArticleTouched(article.id))
    if theirs:
        emit(OwnershipFell(user_id, team_id, len(theirs), clock.now()))
    return len(theirs)


@chore(every=600)
def remind() -> None:
    """Keepers hear once of each look that is due, and of each end that is near."""
    now = clock.now()
    looks = sa.select(Article).where(
        Article.live, Article.verify_due_at <= now, _untold(Article.verify_told_for, Article.verify_due_at)
    )
    for article in session.scalars(looks.order_by(Article.verify_due_at).limit(SOME)).all():
        assert article.verify_due_at is not None
        article.verify_told_for = article.verify_due_at
        emit(VerificationDue(article.id, article.verify_due_at, now))
    ends = sa.select(Article).where(
        Article.live, Article.expires_at <= now + WARNING, _untold(Article.expiry_told_for, Article.expires_at)
    )
    for article in session.scalars(ends.order_by(Article.expires_at).limit(SOME)).all():
        assert article.expires_at is not None
        article.expiry_told_for = article.expires_at
        emit(ExpiryNear(article.id, article.expires_at, now))
    session.flush()


def _untold(
    told: sa.SQLColumnExpression[datetime | None], of: sa.SQLColumnExpression[datetime | None]
) -> sa.ColumnElement[bool]:
    return sa.or_(told.is_(None), told != of)


# ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@chore(every=60)
def end_what_has_expired() -> None:
    """Readers no longer see texts whose time is over; a manager may put them back."""
    found = sa.select(Article.id).where(Article.live, Article.expires_at <= clock.now())
    for article_id in list(session.scalars(found.order_by(Article.expires_at).limit(SOME))):
        article = hold(article_id)
        if article is not None and article.live and article.expires_at and article.expires_at <= clock.now():
            audit.record(None, "expire", subject_kind="article", subject_id=article.id)
            end(article)
