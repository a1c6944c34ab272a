"""What can be looked up at any time and is the same whichever process is asked, and what each process holds."""

import os
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from accounts.models import LoginSession
from accounts.rules import SESSION_IDLE
from core import clock, metrics, outbox
from core.db import database, session
from core.metrics import gauge
from core.settings import Settings
from workflows.models import Task
from workflows.rules import TaskState

Values = list[tuple[dict[str, str], float]]


@gauge("spiral_outbox_waiting", "Promises that are due.")
def _waiting() -> Values:
    return [({}, outbox.waiting())]


@gauge("spiral_outbox_oldest_seconds", "How long the oldest due promise has waited.")
def _oldest() -> Values:
    oldest = outbox.oldest()
    return [({}, max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0)]


@gauge("spiral_outbox_parked", "Promises given up.")
def _parked() -> Values:
    return [({}, outbox.given_up())]


@gauge("spiral_reviews_open", "Tasks of reviews that wait for a decision.")
def _reviews() -> Values:
    return [({}, session.scalar(_open()) or 0)]


@gauge("spiral_reviews_overdue", "Those of them past their deadline.")
def _overdue() -> Values:
    return [({}, session.scalar(_open().where(Task.due_at < clock.now())) or 0)]


def _open() -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(Task).where(Task.state == TaskState.OPEN)


@gauge("spiral_sessions", "Sign-ins used within the time after which they end.")
def sessions() -> Values:
    found = (
        sa.select(sa.func.count()).select_from(LoginSession).where(LoginSession.seen_at > clock.now() - SESSION_IDLE)
    )
    return [({}, session.scalar(found) or 0)]


@gauge("spiral_database_bytes", "Size of the database, and on SQLite of its log.")
def size() -> Values:
    if not database().sqlite:
        return [({"part": "database"}, session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)]
    path = Path(database().url.database or "")
    parts = {"database": path, "wal": path.with_name(f"{path.name}-wal")}
    return [({"part": part}, file.stat().st_size) for part, file in parts.items() if file.exists()]


@gauge("spiral_processes", "Processes of this machine that count into these numbers.")
def _processes() -> Values:
    return [({}, len(_pids()))]


@gauge("spiral_resident_bytes", "Memory of each process.")
def memory() -> Values:
    page = os.sysconf("SC_PAGE_SIZE")
    return [({"process": str(pid)}, int(told.split()[1]) * page) for pid, told in _told("statm")]


@gauge("spiral_descriptors", "Open files and connections of each process.")
def _descriptors() -> Values:
    found: Values = []
    for pid in _pids():
        try:
            found.append(({"process": str(pid)}, len(os.listdir(f"/proc/{pid}/fd"))))  # noqa: PTH208 - counted, not read
        except OSError:  # it ended meanwhile, or this is no Linux
            continue
    return found


def _pids() -> list[int]:
    settings: Settings = current_app.config["SPIRAL"]
    return metrics.living(settings.var / "metrics") if metrics.book.asked else [os.getpid()]


def _told(name: str) -> list[tuple[int, str]]:
    found = []
    for pid in _pids():
        try:
            found.append((pid, Path(f"/proc/{pid}/{name}").read_text("ascii")))
        except OSError:
            continue
    return found
