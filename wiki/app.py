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
from core import audit, chain, checks, chores, db, hosts, i18n, idempotency, migrate, noted, outbox, web
from core.requests import Application
from core.settings import ROOT, Settings, load
from wiki import audit_cli, backup_cli, cli, health, health_page, jobs, security_contact

TABLES_OF_CORE = (  # part of the house without wiring
    audit.TrailEntry, chain.TrailSeal, checks.HealthState, checks.MachineState, chores.ChoreRun, hosts.Host,
    idempotency.IdempotencyKey, migrate.SuitedProgram, noted.Noted, outbox.OutboxJob,
)  # fmt: skip


def create_app(settings: Settings | dict[str, Any] | None = None) -> Flask:
    """The whole application. ``settings`` replaces or overrides what the environment and ``var/spiral.toml`` say.

    Raises:
        SettingsError: a setting is unknown or malformed.
    """
    chosen = settings if isinstance(settings, Settings) else load(settings)
    app = Application("wiki", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config["SPIRAL"] = chosen

    slow, unsafe = chosen.slow_statement_ms, chosen.allow_unsafe_database
    db.init_app(app, chosen.database, threads=chosen.threads, allow_unsafe=unsafe, slow_ms=slow)
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
    health_page.init_app(app)
    jobs.init_app(app)
    security_contact.init_app(app)
    cli.init_app(app)
    audit_cli.init_app(app)
    backup_cli.init_app(app)
    return app
