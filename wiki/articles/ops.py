"""The verbs of writing: propose, save, submit, withdraw. Allow, change, remember, tell."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, IllegalMove, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import can, require
from wiki.articles import draft_buffers
from wiki.articles.blocks import must_be_sound
from wiki.articles.content import Content, checked, of_revision
from wiki.articles.events import RevisionSaved
from wiki.articles.kinds import kind_of, missing
from wiki.articles.models import (
    EDITABLE,
    Article,
    Category,
    Publication,
    Revision,
    Service,
    Significance,
    Submission,
    SubmissionAuthor,
    SubmissionState,
)
from wiki.articles.permissions import P
from wiki.articles.personal_policy import must_go, require_masked
from wiki.articles.queries import by_slug, in_review_for
from wiki.articles.revisions import store_revision
from wiki.articles.rules import MOVES, slugify, state_word
from workflows import ops as reviewing

SUBJECT = "submission"


def propose(
    actor: Actor,
    kind_code: str,
    content: Content,
    *,
    article_slug: str | None = None,
    significance: str = Significance.MAJOR.value,
    reason: str = "",
) -> Submission:
    """Begin a submission with its first revision: a new article, or a change of one the person may read.

    Raises:
        Invalid, NotFound.
    """
    submission = begin(actor, kind_code, article_slug=article_slug)
    save(submission, actor, content, significance=significance, reason=reason)
    return submission


def begin(
    actor: Actor,
    kind_code: str,
    *,
    article_slug: str | None = None,
    draft_key: str | None = None,
    base_id: int | None = None,
) -> Submission:
    """An empty draft; beginning again with the same key gives the same draft. ``base_id``: the revision of the article
    that the page showed when it was opened (else what is live now).

    Raises:
        Invalid, NotFound.
    """
    require(actor, P.PROPOSE)
    article = readable_article(actor, article_slug) if article_slug else None
    kind = kind_of(kind_code)
    if article is not None and kind_code != article.kind:
        raise Invalid({"kind": _("This article is of another kind.")})
    draft_key = draft_key[:40] if draft_key else None
    known = _begun(actor, draft_key)
    if known is not None:
        return known
    now = clock.now()
    submission = Submission(
        kind=kind.code,
        article_id=article.id if article else None,
        author_id=actor.id,
        base_revision_id=_begun_from(article, base_id) if article else None,
        state=SubmissionState.DRAFT,
        significance=Significance.MAJOR,
        reason="",
        draft_key=draft_key,
        created_at=now,
        updated_at=now,
        author_rows=[SubmissionAuthor(user_id=actor.id)],
    )
    point = session.begin_nested()
    try:
        session.add(submission)
        point.commit()
    except IntegrityError:
        point.rollback()
        known = _begun(actor, draft_key)  # the autosave of the same page was a moment faster
        if known is None:
            raise
        return known
    return submission


def _begun_from(article: Article, revision_id: int | None) -> int | None:
    if revision_id is None or revision_id == article.revision_id:
        return article.revision_id
    shown = sa.select(Publication.id).where(
        Publication.article_id == article.id, Publication.revision_id == revision_id
    )
    return revision_id if session.scalar(shown.limit(1)) is not None else article.revision_id


def _begun(actor: Actor, draft_key: str | None) -> Submission | None:
    if not draft_key:
        return None
    found = sa.select(Submission).where(Submission.author_id == actor.id, Submission.draft_key == draft_key)
    return session.scalar(found)


def _significance(code: str) -> Significance:
    if code not in list(Significance):
        raise Invalid({"significance": _("An edit is typo, minor or major.")})
    return Significance(code)


def readable_article(actor: Actor, slug: str) -> Article:
    """The article under a slug.

    Raises:
        NotFound: there is none that this person may read.
    """
    article = by_slug(slug)
    if article is None or not can(actor, P.READ, article):
        raise NotFound(_("There is no such article, or you may not see it."))
    return article


def find_submission(
    submission_id: int, actor: Actor, permission: P = P.KNOW_SUBMISSION, *, locked: bool = False
) -> Submission:
    """The submission; 404 when it may not be known, 403 when known but not for this.

    Raises:
        NotFound, Forbidden.
    """
    if locked:
        reviewing.hold(SUBJECT, submission_id)  # first the review, then its subject: the order of a decision
    found = lock(Submission, submission_id) if locked else session.get(Submission, submission_id)
    if found is None or not can(actor, P.KNOW_SUBMISSION, found):
        raise NotFound(_("There is no such submission, or you may not see it."))
    if permission is P.EDIT_SUBMISSION and found.state not in EDITABLE and can(actor, P.READ_SUBMISSION, found):
        raise _closed(found)  # wrong state is 409, never 403
    require(actor, permission, found)
    return found


def _closed(submission: Submission) -> IllegalMove:
    return IllegalMove(_("This can no longer be edited: it is %(state)s.", state=state_word(submission.state)))


def save(
    submission: Submission,
    actor: Actor,
    content: Content,
    *,
    significance: str | None = None,
    reason: str | None = None,
    window: draft_buffers.Window | None = None,
) -> Revision:
    """Keep the text as a new immutable revision. Under review, open tasks get a new version; who edits is co-author.

    Saving what the head already says makes no revision. ``window``: the page that sends it (none: what this person has
    typed on any page is dropped). What others have saved since is ``draft_ops.save``'s business. Raises Forbidden,
    IllegalMove, Invalid.
    """
    if submission.state not in EDITABLE:
        raise _closed(submission)
    require(actor, P.EDIT_SUBMISSION, submission)
    content = checked(kind_of(submission.kind), content)
    head = session.get(Revision, submission.head_revision_id) if submission.head_revision_id else None
    if significance is not None:
        submission.significance = _significance(significance)
    if reason is not None:
        submission.reason = reason.strip()[:500]
    draft_buffers.drop(submission.id, actor, window)
    if head is not None and of_revision(head) == content:
        return head
    if submission.state is SubmissionState.IN_REVIEW:
        require_masked(submission.kind, content)  # it is on the reviewers' desks at once
    revision = store_revision(submission, actor.id, content)
    if actor.id not in submission.author_ids:
        submission.author_rows.append(SubmissionAuthor(user_id=actor.id, position=len(submission.author_rows)))
    session.flush()
    if submission.state is SubmissionState.IN_REVIEW:
        reviewing.revise(SUBJECT, submission.id, actor, revision_id=revision.id, author_ids=submission.author_ids)
    emit(RevisionSaved(submission.id, revision.id, actor.id, revision.created_at))
    return revision


def submit(submission: Submission, actor: Actor) -> None:
    """Hand it to the pipeline.

    Raises:
        Forbidden, Invalid: what is still missing, field by field.
        IllegalMove, Conflict (``already_in_review``, ``base-moved``).
    """
    if (submission.state, "submit") not in MOVES:
        raise IllegalMove(_("This cannot be submitted: it is %(state)s.", state=state_word(submission.state)))
    require(actor, P.SUBMIT, submission)
    hand_in(submission, actor)


def must_be_complete(submission: Submission, actor: Actor) -> Revision:
    """The head revision says all that its kind needs, and nothing that leads to a person where that must not be.

    Raises:
        Invalid: field by field.
    """
    kind = kind_of(submission.kind)
    head = session.get(Revision, submission.head_revision_id) if submission.head_revision_id else None
    if head is None:
        raise Invalid(missing(kind, "", {}))
    errors = must_go(kind.code, of_revision(head)) | missing(kind, head.title, head.fields)
    if errors:
        raise Invalid(errors)
    must_be_sound(submission.kind, submission.article, head)
    _must_be_unique(submission, head, actor)
    return head


def hand_in(submission: Submission, actor: Actor) -> None:
    """It is under review: by its author, or for them in an emergency; whether ``actor`` may is the caller's business.

    Raises:
        Invalid, Conflict (``already_in_review``, ``base-moved``).
    """
    head = must_be_complete(submission, actor)
    if submission.article_id is not None:
        _must_be_free(submission, actor)
    reviewing.submit(
        actor,
        subject_kind=SUBJECT,
        subject_id=submission.id,
        revision_id=head.id,
        topic=submission.kind,
        title=head.title,
        category=head.category.path if head.category else None,
        author_ids=submission.author_ids,
        significance=submission.significance.value,
    )


def _must_be_unique(submission: Submission, head: Revision, actor: Actor) -> None:
    """A process number names one process only; which one is told to those who may read it."""
    number = head.fields.get("process_no")
    if not number:
        return
    taken = session.scalars(
        sa.select(Article)
        .join(Revision, Revision.id == Article.revision_id)
        .where(Article.kind == "sop", Article.live, Revision.fields["process_no"].as_string() == number)
    ).first()
    if taken is not None and taken.id != submission.article_id:
        if can(actor, P.READ, taken):
            raise Invalid({"fields.process_no": _("This number belongs to «%(title)s».", title=taken.title)})
        raise Invalid({"fields.process_no": _("This number belongs to another process.")})


def _must_be_free(submission: Submission, actor: Actor) -> None:
    article = lock(Article, submission.article_id)
    other = in_review_for(submission.article_id or 0)
    if other is not None and other.id != submission.id and not can(actor, P.KNOW_SUBMISSION, other):
        raise Conflict(
            _("Another text is already under review for this article. Wait for it, then submit yours."),
            code="already_in_review",
        )
    if other is not None and other.id != submission.id:
        raise Conflict(
            _("«%(title)s» is already under review for this article. Wait for it, then submit yours.",
              title=other.head.title if other.head else ""),
            code="already_in_review",
            submission=str(other.id),
        )  # fmt: skip
    if article is None or session.get_one(Revision, article.revision_id).submission_id == submission.id:
        return  # readers see, or saw, an earlier state of this very text before its review
    if article.provisional is not None:
        raise Conflict(
            _("What readers see here was published before its review. Wait until that has ended, then submit yours."),
            code="not-reviewed-yet",
        )
    if article.revision_id == submission.base_revision_id:
        return
    raise Conflict(
        _("The article has changed since you began (it is now version %(version)s). Compare, bring your text up to "
          "date, then submit again.", version=article.version),
        code="base-moved",
        article=article.slug,
        version=article.version,
    )  # fmt: skip


def rebase(submission: Submission, actor: Actor) -> None:
    """The author has seen what changed meanwhile: their text is now a proposal against what is live."""
    require(actor, P.EDIT_SUBMISSION, submission)
    if submission.article is not None and submission.state in EDITABLE:
        submission.base_revision_id = submission.article.revision_id
        audit.record(actor, "rebase", subject_kind=SUBJECT, subject_id=submission.id)


def withdraw(submission: Submission, actor: Actor) -> None:
    """Take it back: from the desk of the reviewers, or a draft that is no longer wanted.

    Raises:
        Forbidden, IllegalMove.
    """
    target = MOVES.get((submission.state, "withdraw"))
    if target is None:
        raise IllegalMove(_("This cannot be withdrawn: it is %(state)s.", state=state_word(submission.state)))
    require(actor, P.WITHDRAW, submission)
    if submission.state is SubmissionState.DRAFT:
        submission.state, submission.closed_at = target, clock.now()
        audit.record(actor, "withdraw", subject_kind=SUBJECT, subject_id=submission.id)
        return
    reviewing.withdraw(SUBJECT, submission.id, actor)


def reopen(submission: Submission, actor: Actor) -> None:
    """What was withdrawn is a draft again, with everything that was written and said.

    Raises:
        Forbidden, IllegalMove.
    """
    target = MOVES.get((submission.state, "reopen"))
    if target is None:
        raise IllegalMove(_("This cannot be taken up again: it is %(state)s.", state=submission.state.value))
    require(actor, P.WITHDRAW, submission)
    submission.state, submission.closed_at, submission.updated_at = target, None, clock.now()
    audit.record(actor, "reopen", subject_kind=SUBJECT, subject_id=submission.id)


def require_name(name: str, field: str = "name") -> None:
    """A name is there.

    Raises:
        Invalid: it is blank.
    """
    if not name.strip():
        raise Invalid({field: _("This is needed.")})


def add_category(slug: str, name: str, parent: str | None = None, position: int = 0) -> Category:
    """A node of the tree exists afterwards; adding it again renames it."""
    slug = slugify(slug)
    above = session.scalar(sa.select(Category).where(Category.slug == parent)) if parent else None
    if parent and above is None:
        raise Invalid({"parent": _("There is no category %(name)s.", name=parent)})
    found = session.scalar(sa.select(Category).where(Category.slug == slug))
    if found is None:
        found = Category(
            slug=slug, path=f"{above.path}/{slug}" if above else slug, parent_id=above.id if above else None
        )
        session.add(found)
    found.name, found.position = name.strip()[:120], position
    session.flush()
    return found


def add_service(code: str, name: str) -> Service:
    """A service exists afterwards; adding it again renames it."""
    found = session.scalar(sa.select(Service).where(Service.code == code))
    if found is None:
        found = Service(code=code.strip()[:64])
        session.add(found)
    found.name = name.strip()[:120]
    session.flush()
    return found
