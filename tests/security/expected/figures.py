"""Points, scorecards, insight."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll of fffo oo", "GET /ledger?user=author", "points are seen by oneself, one's supervisor, manager and admin"),
    ("ll of fffo oo", "GET /api/v1/ledger?user=author",
     "points are seen by oneself, one's supervisor, manager and admin"),
    ("ll of fffo oo", "GET /scorecard/author", "a card is seen by oneself, one's supervisor, manager and admin"),
    ("ll of fffo oo", "GET /api/v1/scorecards/author",
     "a card is seen by oneself, one's supervisor, manager and admin"),
    ("ll of fffo oo", "GET /scorecard/parts/approved_items?subject=author",
     "a figure is seen by oneself, one's supervisor, manager and admin"),
    ("ll fo ffff oo", "GET /ledger?user=rep", "a supervisor sees the own team only"),
    ("ll fo ffff oo", "GET /api/v1/ledger?user=rep", "a supervisor sees the own team only"),
    ("ll fo ffff oo", "GET /scorecard/rep", "a supervisor sees the own team only"),
    ("ll fo ffff oo", "GET /api/v1/scorecards/rep", "a supervisor sees the own team only"),
    ("ll fo ffff oo", "GET /scorecard/parts/approved_items?subject=rep", "a supervisor sees the own team only"),
    ("ll oo oooo oo", "GET /scorecard", "one's own card"),
    ("ll ff oooo oo", "GET /scorecard/centre", "the centre's card is not for representatives"),
    ("ll ff oooo oo", "GET /api/v1/scorecards/centre", "the centre's card is not for representatives"),
    ("ll of fffo oo", "GET /scorecard/team/billing", "a team's card is for the team"),
    ("ll of fffo oo", "GET /api/v1/scorecards/team:billing", "a team's card is for the team"),
    ("ll ff oooo oo", "GET /scorecard/parts/approved_items?subject=centre", "what the centre's figures are made of"),
    ("ll ff ffff oo", "GET /admin/kpi", "figures are brought by manager and admin"),
    ("ll ff ffff ii", "POST /admin/kpi/readings", "figures are brought by manager and admin", {}),
    ("ll ff ffff ii", "POST /admin/kpi/close", "periods are closed by manager and admin", {"period": "x"}),
    ("ll ff ffff ii", "POST /api/v1/kpi/readings", "figures are brought by manager and admin", [{"indicator": "x"}]),
    ("ll ff ffff of", "GET /insight/acts/s", "the acts behind the spiral are seen by the manager"),
    ("ll ff ffff of", "GET /insight/acts/e", "the acts behind the spiral are seen by the manager"),
    ("ll ff ffff of", "GET /insight/acts/c", "the acts behind the spiral are seen by the manager"),
    ("ll ff ffff of", "GET /insight/acts/i", "the acts behind the spiral are seen by the manager"),
    ("ll oo oooo oo", "GET /insight/health", "who watches over texts lists what they may read, others what they keep"),
    ("ll oo oooo oo", "GET /insight/health?form=csv", "a file holds what the page shows"),
    ("ll on nnoo on", "GET /insight/health/{open}", "how a score adds up is for who keeps the text or watches"),
    ("ll on nnnn on", "GET /insight/health/{circle}", "and may read it"),
    ("ll ff ffii if", "POST /insight/health", "who watches over texts acts on several", {"act": "?"}),
]
# fmt: on
