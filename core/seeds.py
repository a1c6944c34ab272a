"""Rows without which the product cannot work (default pipelines, scoring rules, scorecards), sown after migrations.

A seed is idempotent: it adds what is missing and never touches what somebody changed.
"""

from collections.abc import Callable

Seed = Callable[[], None]
_seeds: list[Seed] = []


def seed(function: Seed) -> Seed:
    """Register a seed; the order of wiring is the order of sowing."""
    if function not in _seeds:
        _seeds.append(function)
    return function


def sow() -> None:
    """Run every seed in the current write transaction."""
    for function in _seeds:
        function()
