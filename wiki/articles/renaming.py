"""Names that stand on the pages of articles: when one of them changes, every page that is kept is made anew."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from accounts.models import Team, Tier, User
from core import clock
from wiki.articles.link_models import LinkChange
from wiki.articles.models import Category, Service


def on_pages(*names: InstrumentedAttribute[str]) -> None:
    """These columns are shown on pages of articles that do not belong to the row. Only what goes through the session
    is noticed; a column that is written by an ``UPDATE`` of its own must say so itself."""
    for name in names:
        if not sa.event.contains(name, "set", _otherwise):
            sa.event.listen(name, "set", _otherwise)


def _otherwise(thing: Any, new: str, old: Any, _initiator: object) -> None:
    state = sa.inspect(thing)
    if new != old and state.persistent:  # nobody has seen what is made only now
        state.session.add(LinkChange(article_id=None, at=clock.now()))


on_pages(User.name, Team.name, Tier.name, Category.name, Category.path, Service.name)
