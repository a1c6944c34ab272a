"""What published texts name: links and embedded blocks, titles of before, and when a page's links changed.

Nothing here is anybody's work: ``flask links rebuild`` makes all of it anew from what is published. Columns that point
at *other* articles have no foreign key, because articles are never deleted and a publication must not wait for the lock
of another one.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, enum_column
from wiki.articles.rules import LinkKind


class Link(Base):
    """The live text of ``from_id`` names a title. ``to_id``: the one article that is meant, live or retired; empty when
    there is none, or more than one. One row for each title, words and kind of an article."""

    __tablename__ = "article_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    to_id: Mapped[int | None] = mapped_column(index=True)
    kind: Mapped[LinkKind] = mapped_column(enum_column(LinkKind))
    title: Mapped[str] = mapped_column(sa.String(200))  # as written
    folded: Mapped[str] = mapped_column(sa.String(300), index=True)
    words: Mapped[str] = mapped_column(sa.String(300), default="")


class Redirect(Base):
    """An article was published under this title before; the title leads on to it while no other article has it."""

    __tablename__ = "article_redirects"
    __table_args__ = (sa.UniqueConstraint("article_id", "folded"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"))
    title: Mapped[str] = mapped_column(sa.String(300))
    folded: Mapped[str] = mapped_column(sa.String(300), index=True)


class LinkChange(Base):
    """What the page of an article shows in the place of its mentions has changed; without an article: a name that may
    stand on any page. Forgotten after a day, for pages are kept for a quarter of an hour. A row for each change, so
    that two publications never wait for each other."""

    __tablename__ = "link_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int | None] = mapped_column(index=True)
    at: Mapped[datetime]
