"""What happened to a text."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RevisionSaved:
    """Somebody saved an immutable revision of a submission."""

    submission_id: int
    revision_id: int
    author_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticlePublished:
    """Readers now see this revision. ``version`` is like '1.0'.

    Three sorts earn nothing: ``imported`` ones; ``provisional`` ones, whose review has not ended (when it confirms
    them, ``ProvisionalConfirmed`` carries the event that counts); and ``restored`` ones, an earlier text after a
    rollback.
    """

    article_id: int
    slug: str
    kind: str
    submission_id: int
    revision_id: int
    publication_id: int
    version: str
    significance: str
    author_ids: tuple[int, ...]  # the author first, then co-authors
    score: int | None  # mean checklist score of the approvals, 0–100
    imported: bool
    at: datetime
    provisional: bool = False
    restored: bool = False


@dataclass(frozen=True, slots=True)
class EmergencyAsked:
    """Somebody signed for publication in an emergency; one of ``roles`` must sign, too, until ``until``."""

    provisional_id: int
    submission_id: int
    revision_id: int
    asked_by_id: int
    roles: frozenset[str]
    author_ids: tuple[int, ...]
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class EmergencyClosed:
    """A request for publication in an emergency is over without one; ``because`` is a value of ``rules.Because``."""

    provisional_id: int
    submission_id: int
    asked_by_id: int
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PublishedBeforeReview:
    """Readers see a text whose review goes on until ``deadline``; ``publisher_ids`` answer for it meanwhile.

    Told after the ``ArticlePublished`` of the same act. ``kind`` is emergency or workaround.
    """

    provisional_id: int
    kind: str
    submission_id: int
    article_id: int
    publisher_ids: tuple[int, ...]
    author_ids: tuple[int, ...]
    deadline: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class ProvisionalConfirmed:
    """The review has approved the very text that readers see already: ``publication`` counts from now on."""

    provisional_id: int
    publisher_ids: tuple[int, ...]
    publication: ArticlePublished


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was published before its review is not what readers see any more; ``restored_revision_id`` is, if anything.

    Told after the ``ArticlePublished`` or ``ArticleRetired`` of the same act. ``because`` is a value of
    ``rules.Because``: rejected, withdrawn or deadline.
    """

    provisional_id: int
    kind: str
    submission_id: int
    article_id: int
    slug: str
    title: str
    because: str
    restored_revision_id: int | None
    publisher_ids: tuple[int, ...]
    author_ids: tuple[int, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleRetired:
    """Readers no longer see this article; ``duplicate_of``: because that article says the same."""

    article_id: int
    slug: str
    at: datetime
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class PublicationScheduled:
    """A text is approved and waits for its day."""

    submission_id: int
    publish_at: datetime
    author_ids: tuple[int, ...]
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleVerified:
    """Somebody looked at a published text and found it still true."""

    article_id: int
    revision_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class VerificationDue:
    """A published text is to be looked at again; told once for each ``due_at``."""

    article_id: int
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class ExpiryNear:
    """Readers will no longer see a text from ``expires_at`` on; told once for each."""

    article_id: int
    expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnershipFell:
    """The owner of so many texts is gone; they are their team's now, or nobody's."""

    user_id: int
    team_id: int | None
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleTouched:
    """What search shows of an article changed without a new publication (tags, category, audience)."""

    article_id: int
