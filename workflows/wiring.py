"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.seeds import seed
from core.slots import menu
from workflows import (
    api,
    board_views,
    calendar_views,
    caretaker_views,
    claiming,
    expert_views,
    flow_wiring,
    housekeeping,
    inbox_views,
    pipeline_api,
    pipeline_views,
    remark_views,
    views,
)
from workflows.calendar_ops import ensure_calendars
from workflows.permissions import P
from workflows.queries import count_waiting


def init_app(app: Flask) -> None:
    """The inbox and its badge, pipelines, calendars and caretakers; ``workflows.api`` is mounted by ``wiki.api``."""
    app.register_blueprint(views.bp)
    app.register_blueprint(expert_views.bp)
    app.register_blueprint(calendar_views.bp)
    app.register_blueprint(caretaker_views.bp)
    app.register_blueprint(pipeline_views.bp)
    flow_wiring.init_app(app)
    seed(ensure_calendars)
    menu(_l("Inbox"), "reviews.inbox", P.HOLD_SEATS, order=20, badge=count_waiting)
    menu(_l("Team board"), "reviews.board", P.WATCH_TEAM, order=20, place="person")
    menu(_l("Questions to me"), "reviews.questions", None, order=25, place="person")
    menu(_l("Pipelines"), "pipelines.index", P.MANAGE_PIPELINES, order=59, place="person")
    menu(_l("Caretakers"), "caretakers.show", P.MANAGE_PIPELINES, order=61, place="person")
    menu(_l("Shift calendars"), "calendars.index", P.MANAGE_PIPELINES, order=62, place="person")


__all__ = ["api", "board_views", "claiming", "housekeeping", "inbox_views", "init_app", "pipeline_api", "remark_views"]
