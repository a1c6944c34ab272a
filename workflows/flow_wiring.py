"""Puts the pages about reviews as a whole into the application: flow, what if, calibration."""

from flask import Flask

from core.i18n import _l
from core.slots import menu
from workflows import calibration_views, flow_api, flow_views, whatif_views
from workflows.permissions import P


def init_app(app: Flask) -> None:
    """The pages; ``flow_api`` is mounted by ``wiki.api``."""
    app.register_blueprint(flow_views.bp)
    app.register_blueprint(whatif_views.bp)
    app.register_blueprint(calibration_views.bp)
    menu(_l("Flow of reviews"), "flow.show", P.WATCH_TEAM, order=40, place="person")
    menu(_l("Calibration"), "calibration.show", P.SEE_CALIBRATION, order=41, place="person")


__all__ = ["flow_api", "init_app"]
