"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu
from workflows import api, calibration_views, flow_api, flow_views, views, whatif_views
from workflows.permissions import P
from workflows.queries import count_waiting


def init_app(app: Flask) -> None:
    """The inbox and its badge, flow and calibration; the calls are mounted by ``wiki.api``."""
    for part in (views, flow_views, whatif_views, calibration_views):
        app.register_blueprint(part.bp)
    menu(_l("Inbox"), "reviews.inbox", P.HOLD_SEATS, order=20, badge=count_waiting)
    menu(_l("Flow of reviews"), "flow.show", P.WATCH_TEAM, order=40, place="person")
    menu(_l("Calibration"), "calibration.show", P.SEE_CALIBRATION, order=41, place="person")


__all__ = ["api", "flow_api", "init_app"]
