"""The table of contents: read it top to bottom. The only place where the packages meet."""

from typing import Any

from flask import Flask

import accounts.wiring
import wiki.api.wiring
import wiki.articles.wiring
import wiki.demo.wiring
import wiki.exchange.wiring
import wiki.feedback.wiring
import wiki.insight.wiring
import wiki.kpi.wiring
import wiki.notifications.wiring
import wiki.people.wiring
import wiki.scoring.wiring
import wiki.search.wiring
import wiki.training.wiring
import workflows.wiring
from accounts.identity import identify
from core import audit, db, i18n, idempotency, outbox, web
from core.settings import ROOT, Settings, load
from wiki import cli, health

TABLES_OF_CORE = (audit.TrailEntry, idempotency.IdempotencyKey, outbox.OutboxJob)  # part of the house without wiring


def create_app(settings: Settings | dict[str, Any] | None = None) -> Flask:
    """The whole application. ``settings`` replaces or overrides what the environment and ``var/spiral.toml`` say.

    Raises:
        SettingsError: a setting is unknown or malformed.
    """
    chosen = settings if isinstance(settings, Settings) else load(settings)
    app = Flask("wiki", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config["SPIRAL"] = chosen

    db.init_app(app, chosen.database, allow_unsafe=chosen.allow_unsafe_database)
    i18n.init_app(app)
    web.init_app(app, identify)

    accounts.wiring.init_app(app)
    workflows.wiring.init_app(app)
    wiki.articles.wiring.init_app(app)
    wiki.exchange.wiring.init_app(app)
    wiki.feedback.wiring.init_app(app)
    wiki.search.wiring.init_app(app)
    wiki.training.wiring.init_app(app)
    wiki.scoring.wiring.init_app(app)
    wiki.kpi.wiring.init_app(app)
    wiki.insight.wiring.init_app(app)
    wiki.people.wiring.init_app(app)
    wiki.notifications.wiring.init_app(app)
    wiki.api.wiring.init_app(app)
    wiki.demo.wiring.init_app(app)
    health.init_app(app)
    cli.init_app(app)
    return app
