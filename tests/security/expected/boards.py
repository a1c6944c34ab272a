"""Boards, badges, the quality of figures, actions on misses."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll oo oooo oo", "GET /points", "one's own points"),
    ("ll of fffo oo", "GET /points?user=author", "points are seen by oneself, one's supervisor, manager and admin"),
    ("ll fo ffff oo", "GET /points?user=rep", "a supervisor sees the own team only"),
    ("ll oo nnno oo", "GET /points/team", "who is in no team has no board; manager and admin see the first"),
    ("ll of fffo oo", "GET /points/team/billing", "a team's board is for the team"),
    ("ll fo ffff oo", "GET /points/team/faults", "a supervisor sees the own team only"),
    ("ll oo oooo oo", "GET /points/contributors", "thanks are for everybody to see"),
    ("ll oo oooo oo", "GET /points/contributors/wall", "thanks are for everybody to see"),
    ("ll oo oooo oo", "GET /points/badges", "badges and their rules are for everybody"),
    ("ll ff ffff ii", "POST /points/badges/uses_100", "badges are changed by manager and admin", {"threshold": "x"}),
    ("ll oo oooo oo", "POST /points/ranking", "everybody chooses for themselves", {"part": "1"}),
    ("ll ff fffo oo", "GET /admin/kpi/cuika", "the quality of figures is read by supervisor, manager and admin"),
    ("ll ff fffo oo", "GET /admin/kpi/cuika/export", "the quality of figures is read by supervisor, manager and admin"),
    ("ll ff fffo oo", "GET /admin/kpi/cuika/approved_items",
     "the quality of figures is read by supervisor, manager and admin"),
    ("ll ff ffff oo", "GET /admin/kpi/cuika/approved_items/act?subject=author&of=2026-Q1",
     "actions are made by manager and admin"),
    ("ll ff ffff ii", "POST /admin/kpi/cuika/approved_items/act", "actions are made by manager and admin",
     {"subject": "author", "of": "2026-Q1", "what": ""}),
    ("ll oo oooo oo", "GET /kpi/actions", "everybody sees their own actions"),
    ("ll fo fffo oo", "GET /kpi/actions/{action}",
     "an action is seen by who does it, the supervisor of whom it concerns, manager and admin"),
    ("ll fi ffff ii", "POST /kpi/actions/{action}/close", "an action is closed by who does it, manager and admin",
     {"state": "done", "result": ""}),
]
# fmt: on
