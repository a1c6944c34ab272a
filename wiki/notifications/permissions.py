"""Everybody reads their own notices and nobody else's; the administrator sees which mails went out."""

import sqlalchemy as sa

from core.actors import Actor
from core.permissions import Permission, anybody, grant, holds
from wiki.notifications.models import NoticeEntry


class P(Permission):
    """Permissions of being told."""

    READ_NOTICES = "read one's own notices"
    SEE_MAIL = "see which mails were sent or kept"


def mine(actor: Actor) -> sa.ColumnElement[bool]:
    """One's own, over ``NoticeEntry``."""
    return NoticeEntry.user_id == actor.id


grant({P.READ_NOTICES: anybody, P.SEE_MAIL: holds("admin")})
