"""Puts the package into the application. Its JSON calls are mounted by ``wiki.api``."""

from flask import Flask

from core.i18n import _l
from core.slots import menu, panel
from wiki.feedback import api, figures, flag_api, flag_views, views
from wiki.feedback.flag_showing import count_waiting
from wiki.feedback.permissions import P
from wiki.feedback.queries import stamp


def init_app(app: Flask) -> None:
    """The form beside an article."""
    app.register_blueprint(views.bp)
    app.register_blueprint(flag_views.bp)
    menu(_l("Flags"), "flags.index", P.SAY, order=41, place="person", badge=count_waiting)
    panel("article.side", views.beside_article, order=20, stamp=stamp())
    assert figures.SOME  # importing it declares its chore
    assert api.api.name == "feedback" and flag_api.api.name == "flags"  # importing them declares the calls
