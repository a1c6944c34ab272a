"""What readers said of each version, and what became of it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, NotFound
from core.i18n import _
from core.permissions import can, require
from wiki.articles.models import Article, Publication
from wiki.articles.open_models import ArticleOpen, OpenSource
from wiki.articles.permissions import P as Articles
from wiki.articles.queries import publication, versions
from wiki.feedback import flagging
from wiki.feedback.flag_models import Flag, RemarkFlag
from wiki.feedback.flag_rules import KINDS, STATE_NAMES
from wiki.feedback.models import Feedback
from wiki.feedback.permissions import P
from wiki.feedback.queries import counted_use, votes_in_force
from wiki.feedback.rules import REASON_NAMES, Reason

SAID = ("", "helpful", "not", "written")


@dataclass(frozen=True, slots=True)
class OfVersion:
    """What readers did with one version: the newest vote of each, uses, and openings as far as they are kept."""

    version: str
    published_at: Any
    counts: bool  # under the present major number
    helpful: int
    not_helpful: int
    used: int
    opened: int


def by_version(article: Article, reader: Actor) -> list[OfVersion]:
    """Every version that this person may read, newest first; a text that came back counts where it came back."""
    votes, used, opened = _votes(article.id), _used(article.id), _opened(article.id)
    out: list[OfVersion] = []
    for row in versions(reader, article):
        helpful, unhelpful = votes.pop(row.revision_id, (0, 0))
        uses, opens = used.pop(row.revision_id, 0), opened.pop(row.revision_id, 0)
        counts = row.major == article.major
        out.append(OfVersion(row.version, row.published_at, counts, helpful, unhelpful, uses, opens))
    return out


def _votes(article_id: int) -> dict[int, tuple[int, int]]:
    newest = (
        sa.select(sa.func.max(Feedback.id))
        .where(Feedback.article_id == article_id, Feedback.helpful.is_not(None), sa.not_(Feedback.own))
        .group_by(Feedback.user_id, Feedback.revision_id)
    )
    yes = sa.func.count().filter(Feedback.helpful.is_(True))
    rows = session.execute(
        sa.select(Feedback.revision_id, yes, sa.func.count())
        .where(Feedback.id.in_(newest))
        .group_by(Feedback.revision_id)
    )
    return {row[0]: (row[1], row[2] - row[1]) for row in rows}


def _used(article_id: int) -> dict[int, int]:
    mine = sa.and_(Feedback.article_id == article_id, counted_use(), sa.not_(Feedback.own))
    rows = session.execute(sa.select(Feedback.revision_id, sa.func.count()).where(mine).group_by(Feedback.revision_id))
    return {row[0]: row[1] for row in rows}


def _opened(article_id: int) -> dict[int, int]:
    people = sa.and_(ArticleOpen.article_id == article_id, ArticleOpen.source != OpenSource.API)
    rows = session.execute(
        sa.select(ArticleOpen.revision_id, sa.func.count()).where(people).group_by(ArticleOpen.revision_id)
    )
    return {row[0]: row[1] for row in rows}


# ── what they wrote ──────────────────────────────────────────────────────────────────────────────────────────────────


def said(article: Article, *, version: str = "", how: str = "") -> Any:
    """(Feedback, name, Flag or None) of what readers said with a vote, newest first; an author's own word is none."""
    found: Any = (
        sa.select(Feedback, User.name, Flag)
        .join(User, User.id == Feedback.user_id)
        .outerjoin(RemarkFlag, RemarkFlag.feedback_id == Feedback.id)
        .outerjoin(Flag, Flag.id == RemarkFlag.flag_id)
        .where(Feedback.article_id == article.id, sa.not_(Feedback.own), Feedback.helpful.is_not(None))
    )
    if version:
        named = publication(article.id, version)
        found = found.where(Feedback.revision_id == named.revision_id if named else sa.false())
    if how == "written":
        found = found.where(sa.or_(Feedback.comment != "", Feedback.reason != ""))
    elif how:
        found = found.where(Feedback.helpful.is_(how == "helpful"))
    return found.order_by(Feedback.id.desc())


def in_force(article: Article) -> frozenset[int]:
    """Ids of the votes that count now."""
    found = votes_in_force(article).order_by(None).subquery()
    return frozenset(session.scalars(sa.select(found.c.id)))


def versions_of(article: Article) -> dict[int, str]:
    """The number of each revision that readers saw; the newest, where it came back."""
    rows = session.scalars(sa.select(Publication).where(Publication.article_id == article.id).order_by(Publication.id))
    return {row.revision_id: row.version for row in rows}


def row_of(row: Any, reader: Actor, numbers: dict[int, str], counting: frozenset[int]) -> dict[str, Any]:
    """One line. Who said it is a manager's to know: a reader who must fear for it says nothing."""
    vote, name, flag = row
    return {
        "id": vote.id,
        "at": vote.at,
        "who": name if reader.holds("manager") else None,
        "helpful": vote.helpful,
        "reason": REASON_NAMES[Reason(vote.reason)] if vote.reason else None,
        "comment": vote.comment,
        "version": numbers.get(vote.revision_id, "–"),
        "counts": vote.id in counting,
        "flag": None
        if flag is None
        else {"url": url_for("flags.show", flag_id=flag.id), "word": STATE_NAMES[flag.state]},
        "may_turn": flag is None and bool(vote.comment) and vote.user_id != reader.id,
    }


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────────────────────────


def turn(article: Article, feedback_id: int, actor: Actor) -> Flag:
    """What a reader wrote waits for an answer as their flag; from now on the keeper sees whom they answer.

    Raises:
        Forbidden, NotFound, Conflict (``already-flagged``).
    """
    require(actor, P.READ_COMMENTS, article)
    lock(Article, article.id)
    vote = session.get(Feedback, feedback_id)
    if vote is None or vote.article_id != article.id or vote.own or not vote.comment:
        raise NotFound(_("There is nothing here, or you may not see it."))
    if session.get(RemarkFlag, vote.id) is not None:
        raise Conflict(_("It became a flag already."), code="already-flagged")
    reason = Reason(vote.reason) if vote.reason in set(KINDS) else Reason.UNCLEAR
    flag = flagging.open_flag(article.id, vote.user_id, reason)
    if flag is None:
        flag = flagging.raised(article, vote.revision_id, vote.user_id, reason, vote.comment, by=actor)
    session.add(RemarkFlag(feedback_id=vote.id, flag_id=flag.id, user_id=actor.id, at=clock.now()))
    session.flush()
    return flag


def may_read_them(article: Article, reader: Actor) -> bool:
    """Whoever keeps the text true, and the manager."""
    return can(reader, Articles.READ, article) and can(reader, P.READ_COMMENTS, article)
