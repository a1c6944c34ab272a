"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu, panel
from wiki.articles import similar
from wiki.search import (
    alike,
    api,
    cli,
    gap_views,
    listeners,
    service,
    twins,
    views,
    word_api,
    word_views,
    writing_views,
)
from wiki.search.permissions import P
from wiki.search.writing import count_waiting

__all__ = ["api", "init_app", "listeners", "twins", "word_api"]


def init_app(app: Flask) -> None:
    """The engine, the search page, the commands, and 'similar' for the editor."""
    service.init_app(app)
    for pages in (views, word_views, gap_views, writing_views):
        app.register_blueprint(pages.bp)
    menu(_l("Writing tasks"), "writing.index", P.WRITE, order=42, place="person", badge=count_waiting)
    menu(_l("Searched for and not found"), "gaps.index", P.SEE_GAPS, order=43, place="person")
    menu(_l("Words of search"), "words.index", P.KEEP_WORDS, order=60, place="person")
    for slot in ("home.top", "inbox.top"):
        panel(slot, writing_views.on_home, order=30)
    app.cli.add_command(cli.search)
    similar.register(alike.similar)
