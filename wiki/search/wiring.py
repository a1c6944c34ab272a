"""Puts the package into the application."""

from flask import Flask

from accounts.permissions import P as People
from core.i18n import _l
from core.running import beforehand
from core.slots import menu, panel
from wiki.articles import similar
from wiki.articles.permissions import P as Articles
from wiki.search import (
    alike,
    also,
    api,
    cli,
    embed_views,
    gap_views,
    listeners,
    own_models,
    pin_views,
    screen_views,
    service,
    twins,
    views,
    watching,
    word_api,
    word_views,
    writing_views,
)
from wiki.search.analysis import sounds
from wiki.search.permissions import P
from wiki.search.writing import count_waiting

__all__ = ["api", "init_app", "listeners", "own_models", "screen_views", "twins", "watching", "word_api"]


def init_app(app: Flask) -> None:
    """The engine, the search pages, the commands, what people also opened, and 'similar' for the editor."""
    service.init_app(app)
    beforehand(sounds.readings)
    for pages in (views, embed_views, pin_views, word_views, gap_views, writing_views):
        app.register_blueprint(pages.bp)
    app.register_blueprint(embed_views.frame)
    menu(_l("Frame for other programs"), "embed.settings", People.LET_IN, order=93, place="person")
    assert embed_views.api.name == "embed"  # importing it declares the call
    menu(_l("Writing tasks"), "writing.index", P.WRITE, order=42, place="person", badge=count_waiting)
    menu(_l("Searched for and not found"), "gaps.index", P.SEE_GAPS, order=43, place="person")
    menu(_l("Words of search"), "words.index", P.KEEP_WORDS, order=60, place="person")
    for slot in ("home.top", "inbox.top"):
        panel(slot, writing_views.on_home, order=30)
    app.cli.add_command(cli.search)
    similar.register(alike.similar)
    menu(_l("Recommended results"), "pins.show", Articles.MANAGE_ARTICLES, order=62, place="person")
    panel("article.side", also.beside_article, order=70, stamp=also.shown)
