"""Puts the package into the application. Its JSON calls are mounted by ``wiki.api``."""

from flask import Flask

from core.i18n import _l
from core.seeds import seed
from core.slots import menu, panel
from wiki.kpi import (
    admin_views,
    api,
    appeal_views,
    cli,
    cuika_permissions,
    cuika_views,
    dealing_models,
    indicator_views,
    parts_views,
    template_views,
    views,
)
from wiki.kpi.appeals import waiting_count
from wiki.kpi.cuika_queries import in_appeal
from wiki.kpi.ops import ensure_defaults
from wiki.kpi.permissions import P
from wiki.kpi.queries import is_closed
from wiki.scoring import registry
from wiki.scoring.boards_queries import leave_out


def init_app(app: Flask) -> None:
    """Scorecards, the import of readings, commands; and the ledger learns which months are closed."""
    app.register_blueprint(views.bp)
    app.register_blueprint(cuika_views.bp)
    panel("card.line", cuika_views.beside_a_miss)
    cli.init_app(app)
    seed(ensure_defaults)
    registry.close_with(is_closed)
    leave_out(in_appeal)
    menu(_l("Scorecard"), "kpi.show", P.OPEN_CARDS, order=60)
    menu(_l("Readings and periods"), "kpi.admin", P.BRING_READINGS, order=60, place="person", badge=waiting_count)
    menu(_l("Quality of figures"), "cuika.show", cuika_permissions.P.READ_CUIKA, order=60, place="person")


__all__ = [
    "admin_views",
    "api",
    "appeal_views",
    "dealing_models",
    "indicator_views",
    "init_app",
    "parts_views",
    "template_views",
]
