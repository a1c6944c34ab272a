"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu, panel
from wiki.people import leaving, leaving_views, path_views
from wiki.people.permissions import P


def init_app(app: Flask) -> None:
    """Who leaves, what is to be taken over, and the first weeks of who comes."""
    app.register_blueprint(leaving_views.bp)
    menu(_l("Who leaves"), "leaving.index", P.SEE_LEAVERS, order=54, place="person")
    app.register_blueprint(path_views.bp)
    menu(_l("New hires"), "paths.cohorts", P.SEE_COHORTS, order=53, place="person")
    panel("home.top", path_views.on_home, order=20)
    panel("profile", path_views.on_profile)
    panel("training.desk.ways", path_views.on_desk)
    for slot in ("home.top", "inbox.top"):
        panel(slot, leaving_views.on_home, order=32)
    panel("writing.task", leaving_views.in_writing_task)


__all__ = ["init_app", "leaving"]
