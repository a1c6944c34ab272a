"""One line is taken: published at once in the manager's name, or handed in like anybody's proposal."""

from dataclasses import replace

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from wiki.articles.content import Content
from wiki.articles.models import Category, Service
from wiki.articles.publishing import Row, import_row
from wiki.exchange import pictures
from wiki.exchange.portable import Names, by_name, translated
from wiki.exchange.rows import Line


class Places:
    """The names of this installation, read once for many rows."""

    def __init__(self) -> None:
        rows = session.execute(sa.select(Category.slug, Category.name)).all()
        self.categories = {name: slug for slug, name in rows} | {slug: slug for slug, _name in rows}
        named = session.execute(sa.select(Service.code, Service.name)).all()
        self.services = {name: code for code, name in named} | {code: code for code, _name in named}
        self.tokens = by_name(Names())

    def settled(self, row: Row) -> Row:
        """Categories and services by their codes, readers by their ids; what nobody knows stays, and is refused."""
        content: Content = row.content
        if content.category in self.categories and not content.services and not content.readers:
            return replace(row, content=replace(content, category=self.categories[content.category]))
        content = replace(
            content,
            category=self.categories.get(content.category or "", content.category),
            services=[self.services.get(one, one) for one in content.services],
        )
        return replace(row, content=translated(row.kind, content, self.tokens))


def publish(actor: Actor, line: Line, places: Places | None = None) -> str:
    """The line is what readers see: ``created``, ``updated`` or ``unchanged``. Its pictures are kept with it.

    Raises:
        Forbidden, Invalid.
    """
    assert line.row is not None
    row = (places or Places()).settled(line.row)
    kept, _remarks = pictures.keep_all(actor, line.pictures)
    return import_row(actor, replace(row, content=pictures.placed(row.content, kept)))
