"""What the pages of flags show."""

from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload, selectinload

from core.actors import Actor
from core.db import session
from core.permissions import allowed, can
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles
from wiki.feedback.flag_models import Flag, FlagNote
from wiki.feedback.flag_rules import MOVES, OUTCOME_NAMES, STATE_NAMES, Act, FlagState, Outcome
from wiki.feedback.permissions import P
from wiki.feedback.rules import REASON_NAMES


def waiting(actor: Actor) -> sa.Select[Flag]:
    """Flags that wait for this person's answer, the most urgent first."""
    found = sa.select(Flag).where(Flag.state != FlagState.ANSWERED, allowed(actor, P.ANSWER_FLAG))
    return _loaded(found).order_by(Flag.due_at, Flag.id)


def mine(actor: Actor) -> sa.Select[Flag]:
    """Flags that this person raised, the newest first."""
    return _loaded(sa.select(Flag).where(Flag.reporter_id == actor.id)).order_by(Flag.id.desc())


def answered(actor: Actor) -> sa.Select[Flag]:
    """What became of the flags on the texts that this person keeps, the newest answer first."""
    found = sa.select(Flag).where(Flag.state == FlagState.ANSWERED, allowed(actor, P.ANSWER_FLAG))
    return _loaded(found).order_by(Flag.closed_at.desc(), Flag.id.desc())


def _loaded(found: sa.Select[Flag]) -> sa.Select[Flag]:
    return found.options(joinedload(Flag.article), joinedload(Flag.reporter), joinedload(Flag.publication))


def count_waiting(actor: Actor) -> int:
    """How many flags wait for this person."""
    found = sa.select(sa.func.count()).select_from(Flag)
    return session.scalar(found.where(Flag.state == FlagState.OPEN, allowed(actor, P.ANSWER_FLAG))) or 0


def row_of(flag: Flag, reader: Actor) -> dict[str, Any]:
    """One line of a list. The title of what a reader may no longer read is not said again."""
    return {
        "id": flag.id,
        "title": flag.article.title if _may_read(flag.article, reader) else "–",
        "url": url_for("flags.show", flag_id=flag.id),
        "reason": REASON_NAMES[flag.reason],
        "comment": flag.comment,
        "reporter": flag.reporter.name,
        "raised_at": flag.raised_at,
        "due_at": flag.due_at,
        "state": flag.state.value,
        "state_word": STATE_NAMES[flag.state],
        "outcome": OUTCOME_NAMES[flag.outcome] if flag.outcome else None,
    }


def _may_read(article: Article, reader: Actor) -> bool:
    return can(reader, Articles.READ, article) or reader.holds("manager")


def page_of(flag: Flag, reader: Actor) -> dict[str, Any]:
    """The flag with everything that was said, and what this person may do."""
    notes = session.scalars(
        sa.select(FlagNote)
        .where(FlagNote.flag_id == flag.id)
        .options(selectinload(FlagNote.user))
        .order_by(FlagNote.id)
    )
    readable = _may_read(flag.article, reader)
    keeps, reported = can(reader, P.ANSWER_FLAG, flag), flag.reporter_id == reader.id
    return {
        **row_of(flag, reader),
        "quote": flag.quote if readable else "",
        "article_url": url_for("articles.show", slug=flag.article.slug) if readable and flag.article.live else None,
        "change_url": url_for("submissions.change", slug=flag.article.slug) if readable and flag.article.live else None,
        "version": flag.publication.version if flag.publication else None,
        "notes": [{"who": note.user.name, "act": note.act, "text": note.text, "at": note.at} for note in notes],
        "may": {
            "ask": keeps and (flag.state, Act.ASK) in MOVES and not reported,
            "answer": keeps and (flag.state, Act.ANSWER) in MOVES,
            "reply": reported and (flag.state, Act.REPLY) in MOVES,
            "reopen": reported and (flag.state, Act.REOPEN) in MOVES and flag.outcome is not Outcome.RETIRED,
        },
        "outcomes": [(one.value, word) for one, word in OUTCOME_NAMES.items() if one is not Outcome.RETIRED],
    }
