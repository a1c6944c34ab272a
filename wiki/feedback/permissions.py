"""Whoever may read an article may say whether it helped."""

import sqlalchemy as sa

from core.actors import Actor
from core.permissions import Permission, allowed, any_of, can, grant, holds
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles
from wiki.articles.permissions import kept
from wiki.feedback.flag_models import Flag


class P(Permission):
    """Permissions of feedback."""

    SAY = "say whether an article helped"
    READ_COMMENTS = "read what readers wrote about an article"
    SEE_FLAG = "see a flag and what was said about it"
    ANSWER_FLAG = "answer a flag"
    SEE_HEALTH = "see how healthy the knowledge base is"


def reads_it(actor: Actor, article: Article | None = None) -> bool:
    """May read the article; as a gate (no article yet) everybody signed in may try."""
    return article is None or can(actor, Articles.READ, article)


def keeps_it(actor: Actor, article: Article | None = None) -> bool:
    """Keeps the text true; a manager keeps all. As a gate (no article yet) everybody signed in may try."""
    return article is None or can(actor, Articles.KEEP, article)


def readable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SAY, over ``Article``."""
    return allowed(actor, Articles.READ)


def raised_it(actor: Actor, flag: Flag) -> bool:
    """The reader who raised it."""
    return flag.reporter_id == actor.id


def keeps_its_text(actor: Actor, flag: Flag) -> bool:
    """Keeps the text true that it is about; a manager keeps all."""
    return can(actor, Articles.KEEP, flag.article)


def answerable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of ANSWER_FLAG, over ``Flag``."""
    if actor.holds("manager"):
        return sa.true()
    return sa.exists().where(Article.id == Flag.article_id, kept(actor), allowed(actor, Articles.READ))


grant(
    {
        P.SAY: reads_it,
        P.READ_COMMENTS: keeps_it,
        P.SEE_FLAG: any_of(raised_it, keeps_its_text),
        P.ANSWER_FLAG: keeps_its_text,
        P.SEE_HEALTH: holds("supervisor", "training", "manager"),
    },
    lists={P.SAY: readable, P.ANSWER_FLAG: answerable},
)
