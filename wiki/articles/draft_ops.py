"""Drafts: kept while they are typed, merged when somebody was faster, brought up to date with what readers see."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from core import audit
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Forbidden, Invalid
from core.i18n import _, local
from core.permissions import can, require
from wiki.articles import draft_buffers, ops
from wiki.articles.content import Content, checked, of_revision
from wiki.articles.draft_buffers import Window
from wiki.articles.kinds import kind_of
from wiki.articles.merging import Choice, Merge, merge
from wiki.articles.models import EDITABLE, DraftBuffer, Publication, Revision, Submission
from wiki.articles.permissions import P

WHATEVER = -1  # of ``seen``: the caller does not say which revision its text was begun from


class Clashing(Conflict):
    """Two people changed the same place; nothing was saved. ``found`` is the merge with its clashes, ``mine`` the text
    that was to be saved, ``theirs`` what it met: the head of the submission, or with ``live`` what readers see."""

    code = "edited"

    def __init__(self, found: Merge, base_id: int | None, mine: Content, theirs: Revision, *, live: bool) -> None:
        who = {"name": theirs.author.name, "time": f"{local(theirs.created_at):%H:%M}"}
        sentence = (
            _("The article was changed by %(name)s where you changed it, too.", **who)
            if live
            else _("%(name)s has saved another version at %(time)s, and you both changed the same place.", **who)
        )
        super().__init__(sentence, by=theirs.author.name, at=theirs.created_at.isoformat(), conflicts=told(found))
        self.found, self.base_id, self.mine, self.theirs, self.live = found, base_id, mine, theirs, live
        self.head_id: int | None = None if live else theirs.id  # what mine is to be saved upon
        self.chosen: dict[str, Choice] = {}  # what was chosen already, when it is asked again
        self.again = False


def told(found: Merge) -> list[dict[str, Any]]:
    """The clashes of a merge, for programs: each with what both began from, mine and theirs."""
    return [
        {"id": key, "field": key.rpartition(".")[0], "base": clash.base, "mine": clash.mine, "theirs": clash.theirs}
        for key, clash in found.clashes.items()
    ]


@dataclass(frozen=True, slots=True)
class Merged:
    """A text that was merged with somebody's change, without a choice."""

    found: Merge
    theirs: Revision


def autosave(
    submission: Submission,
    actor: Actor,
    document: dict[str, Any],
    *,
    seen: int | None = WHATEVER,
    window: Window | None = None,
) -> DraftBuffer:
    """Keep what is being typed; nothing is checked but its size, and no revision is made. It may be begun from an older
    revision than the head (``seen``): it overwrites nobody's text, and is merged when it is saved.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.EDIT_SUBMISSION, submission)
    base = submission.head_revision_id if seen in {WHATEVER, submission.head_revision_id} else _own(submission, seen)
    buffer = draft_buffers.keep(submission.id, actor, document, base_id=base, window=window or Window())
    submission.updated_at = buffer.saved_at
    session.flush()
    return buffer


def _own(submission: Submission, revision_id: int | None) -> int | None:
    """The id, if it is one of this submission's revisions."""
    found = session.get(Revision, revision_id) if revision_id is not None else None
    return found.id if found is not None and found.submission_id == submission.id else None


def base_of(submission: Submission, seen: int | None) -> Content:
    """What a text was begun from: a revision of the submission, else what was live then, else nothing."""
    own = _own(submission, seen)
    return of_revision(session.get_one(Revision, own) if own is not None else submission.base)


def save(
    submission: Submission,
    actor: Actor,
    content: Content,
    *,
    seen: int | None = WHATEVER,
    significance: str | None = None,
    reason: str | None = None,
    window: Window | None = None,
) -> Merged | None:
    """Keep the text as a new revision; if the head has moved since ``seen``, merged with it. The answer says with what.

    Raises:
        Forbidden, IllegalMove, Invalid.
        Clashing: both changed the same place.
    """
    how: dict[str, Any] = {"significance": significance, "reason": reason, "window": window}
    head = submission.head
    if head is None or seen in {WHATEVER, head.id} or submission.state not in EDITABLE:
        ops.save(submission, actor, content, **how)
        return None
    require(actor, P.EDIT_SUBMISSION, submission)
    kind, base, theirs = kind_of(submission.kind), base_of(submission, seen), of_revision(head)
    mine = checked(kind, content)
    if mine == theirs:
        ops.save(submission, actor, mine, **how)
        return None
    found = merge(kind, base, mine, theirs)
    if found.clashes:
        raise Clashing(found, seen, mine, head, live=False)
    revision = ops.save(submission, actor, found.content(), **how)
    if revision.id == head.id:  # all that this person had changed was there already
        return None
    _remember(submission, actor, revision)
    return Merged(found, head)


def says(submission: Submission, content: Content) -> bool:
    """The head of the submission says just this."""
    try:
        return submission.head is not None and of_revision(submission.head) == checked(
            kind_of(submission.kind), content
        )
    except Invalid:
        return False


def _remember(submission: Submission, actor: Actor, revision: Revision) -> None:
    audit.record(actor, "merge", subject_kind=ops.SUBJECT, subject_id=submission.id, revision_id=revision.id)


def ahead_of(submission: Submission | None) -> Revision | None:
    """What readers see of the article now, when the text was begun from something older; ``None``: it is up to date.

    What is published before its review says nothing yet: it may be rolled back.
    """
    article = submission.article if submission is not None else None
    if submission is None or article is None or not article.live or article.provisional is not None:
        return None
    live = article.revision
    if live is None or live.id == submission.base_revision_id or live.submission_id == submission.id:
        return None
    return live


def bring_up_to_date(submission: Submission, actor: Actor, *, window: Window | None = None) -> Merged | None:
    """The text has what was published since it was begun, and stands against that from now on.

    Raises:
        Forbidden, IllegalMove, Invalid.
        Clashing: the article was changed where this text changes it.
    """
    require(actor, P.EDIT_SUBMISSION, submission)
    live = ahead_of(submission)
    if live is None:
        return None
    if not can(actor, P.READ, submission.article):
        raise Forbidden(_("You may no longer read this article."))
    kind, base, mine = kind_of(submission.kind), of_revision(submission.base), of_revision(submission.head)
    if submission.head is None:  # nothing of its own yet
        submission.base_revision_id = live.id
        return None
    found = merge(kind, base, mine, of_revision(live))
    if found.clashes:
        raise Clashing(found, submission.base_revision_id, mine, live, live=True)
    stand_against(submission, actor, live.id)
    ops.save(submission, actor, found.content(), window=window)
    return Merged(found, live)


def stand_against(submission: Submission, actor: Actor, revision_id: int) -> None:
    """The text is a proposal against this published revision of its article: the author has seen it."""
    published = sa.select(Publication.id).where(
        Publication.article_id == submission.article_id, Publication.revision_id == revision_id
    )
    if session.scalar(published.limit(1)) is not None and revision_id != submission.base_revision_id:
        submission.base_revision_id = revision_id
        session.expire(submission, ["base"])
        audit.record(actor, "rebase", subject_kind=ops.SUBJECT, subject_id=submission.id)


def changed(content: Content, given: dict[str, Any]) -> Content:
    """The content with what a program sent; what is absent stays."""
    return Content(**{name: given.get(name, getattr(content, name)) for name in Content.__dataclass_fields__})


def what_moved(submission: Submission, seen: int | None, given: dict[str, Any]) -> dict[str, Any]:
    """What a program that saw an older revision is told: ``conflicts``, and where there is none the ``merged`` text."""
    try:
        mine = checked(kind_of(submission.kind), changed(base_of(submission, seen), given))
    except Invalid:
        return {}
    found = merge(kind_of(submission.kind), base_of(submission, seen), mine, of_revision(submission.head))
    return {"conflicts": told(found), "merged": None if found.clashes else asdict(found.content())}
