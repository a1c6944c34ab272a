"""Puts the package into the application. Its JSON calls are mounted by ``wiki.api``."""

from flask import Flask

from core.i18n import _l
from core.seeds import seed
from core.slots import menu, panel
from wiki.scoring import (
    api,
    boards_ops,
    boards_permissions,
    boards_views,
    cli,
    facts,
    fairness_views,
    listeners,
    rule_views,
    share_views,
    takings,
    views,
)
from wiki.scoring.ops import ensure_defaults
from wiki.scoring.permissions import P


def init_app(app: Flask) -> None:
    """The ledger's page and commands, its default rules, and the ears for what earns something; boards and badges."""
    app.register_blueprint(views.bp)
    app.register_blueprint(boards_views.bp)
    cli.init_app(app)
    seed(ensure_defaults)
    app.register_blueprint(rule_views.bp)
    app.register_blueprint(share_views.bp)
    app.register_blueprint(fairness_views.bp)
    seed(boards_ops.ensure_defaults)
    panel("submission.side", share_views.beside_submission, order=25)
    panel("profile", boards_views.on_the_profile)
    menu(_l("Fair play"), "fairness.index", P.JUDGE_FAIRNESS, order=62, place="person")
    menu(_l("Scoring rules"), "scoring_rules.index", P.SET_RULES, order=61, place="person")
    menu(_l("Points"), "boards.mine", boards_permissions.P.OPEN_BOARDS, order=70)


__all__ = ["api", "facts", "init_app", "listeners", "takings"]
