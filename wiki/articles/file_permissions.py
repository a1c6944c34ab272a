"""Who may fetch a picture or document: its owner, and whoever may read a text that refers to it."""

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.permissions import Permission, all_of, allowed, can, grant, none_of
from wiki.articles.file_models import FileEntry, FileReference
from wiki.articles.models import Article, Publication, Revision, Submission
from wiki.articles.permissions import P


class FileP(Permission):
    """Permissions over pictures and documents; to bring one, a person needs ``P.PROPOSE``."""

    READ_FILE = "fetch a picture or document"
    REMOVE_FILE = "remove a picture or document"


def brought_it(actor: Actor, entry: FileEntry) -> bool:
    """The person uploaded it."""
    return entry.owner_id == actor.id


def stands_in_a_readable_text(actor: Actor, entry: FileEntry) -> bool:
    """What readers see, an older version or a proposal that this person may read refers to it."""
    revisions = sa.select(FileReference.revision_id).where(FileReference.file_id == entry.id)
    live = sa.select(Article.id).where(allowed(actor, P.READ), Article.revision_id.in_(revisions))
    if session.scalar(live.limit(1)) is not None:
        return True
    proposals = sa.select(Submission.id).where(
        allowed(actor, P.READ_SUBMISSION),
        sa.exists().where(Revision.submission_id == Submission.id, Revision.id.in_(revisions)),
    )
    if session.scalar(proposals.limit(1)) is not None:
        return True
    versions = (
        sa.select(Publication).join(Article).where(allowed(actor, P.READ), Publication.revision_id.in_(revisions))
    )
    return any(can(actor, P.READ_VERSION, row) for row in session.scalars(versions))


def is_used(actor: Actor, entry: FileEntry) -> bool:
    """A saved revision refers to it: it is part of what was said, and stays."""
    found = sa.select(FileReference.file_id).where(FileReference.file_id == entry.id)
    return session.scalar(found.limit(1)) is not None


def reads_file(actor: Actor, entry: FileEntry) -> bool:
    """Its owner, and whoever may read a text that refers to it."""
    return brought_it(actor, entry) or stands_in_a_readable_text(actor, entry)


grant({FileP.READ_FILE: reads_file, FileP.REMOVE_FILE: all_of(brought_it, none_of(is_used))})
