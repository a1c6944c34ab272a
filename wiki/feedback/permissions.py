"""Whoever may read an article may say whether it helped."""

import sqlalchemy as sa

from core.actors import Actor
from core.permissions import Permission, allowed, can, grant, holds
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles


class P(Permission):
    """Permissions of feedback."""

    SAY = "say whether an article helped"
    READ_COMMENTS = "read what readers wrote about an article"


def reads_it(actor: Actor, article: Article | None = None) -> bool:
    """May read the article; as a gate (no article yet) everybody signed in may try."""
    return article is None or can(actor, Articles.READ, article)


def readable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SAY, over ``Article``."""
    return allowed(actor, Articles.READ)


grant(
    {P.SAY: reads_it, P.READ_COMMENTS: holds("business", "qa", "training", "supervisor", "manager")},
    lists={P.SAY: readable},
)
