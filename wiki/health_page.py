"""``/admin/health``: how the installation is, in words – what is not well, since when, and what to do about it."""

import platform
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, render_template, url_for

from accounts.rules import Role
from core import checks, outbox
from core.db import database, session
from core.health import Finding, Grade, examine
from core.i18n import _l
from core.permissions import Permission, grant, holds
from core.slots import menu
from core.web import blueprint, gate
from wiki import health_numbers

bp = blueprint("health_page", __name__)
SHOWN = 5  # jobs in trouble; the page of jobs has all of them


class P(Permission):
    """Permissions over the installation."""

    SEE_HEALTH = "see how the installation is"


grant({P.SEE_HEALTH: holds(Role.ADMIN)})


@bp.get("/admin/health")
@gate(P.SEE_HEALTH)
def show() -> str:
    """Everything is asked anew, but for what asks machines that may not answer."""
    findings, kept = examine(slow=False), checks.since()
    rows = [_row(finding, kept) for finding in findings]
    return render_template(
        "health/index.html",
        broken=[row for row in rows if row["grade"] is Grade.BROKEN],
        look=[row for row in rows if row["grade"] is Grade.LOOK],
        good=[row for row in rows if row["grade"] is Grade.GOOD],
        looked_at=checks.looked_at(),
        troubled=_troubled(),
        jobs_url=_address("jobs.show"),
        numbers=_numbers(),
    )


def _row(finding: Finding, kept: dict[str, checks.HealthState | checks.MachineState]) -> dict[str, Any]:
    state = kept.get(finding.name)
    since: datetime | None = finding.since
    if since is None and state is not None and state.grade == finding.grade:
        since = state.since
    return {
        "grade": finding.grade, "title": finding.title, "said": finding.said, "todo": finding.todo, "since": since,
        "url": _address(finding.link),
    }  # fmt: skip


def _address(endpoint: str) -> str:
    return url_for(endpoint) if endpoint in current_app.view_functions else ""


def _troubled() -> list[outbox.OutboxJob]:
    """Jobs that failed: given up first, then those that are tried again."""
    failed = outbox.OutboxJob.error.is_not(None)
    newest = (outbox.OutboxJob.parked_at.is_(None), outbox.OutboxJob.id.desc())
    return list(session.scalars(sa.select(outbox.OutboxJob).where(failed).order_by(*newest).limit(SHOWN)))


def _numbers() -> dict[str, Any]:
    """A few figures of this installation, ready to show."""
    sizes = {labels.get("part", ""): value for labels, value in health_numbers.size()}
    resident = [value for _labels, value in health_numbers.memory()]
    return {
        "database": "SQLite" if database().sqlite else "PostgreSQL",
        "size": sizes.get("database", 0),
        "wal": sizes.get("wal"),
        "processes": len(resident),
        "memory": sum(resident),
        "signed_in": sum(int(value) for _labels, value in health_numbers.sessions()),
        "python": platform.python_version(),
    }


def init_app(app: Flask) -> None:
    """The page and its place in the menu."""
    app.register_blueprint(bp)
    menu(_l("How the installation is"), "health_page.show", P.SEE_HEALTH, order=92, place="person")
