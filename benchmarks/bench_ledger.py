"""The ledger reckoned again: a year of a thousand people, every cap and some of it taken back."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa

from benchmarks.centres import BASE, folder
from benchmarks.harness import PEAK, Figure, benchmark, shared
from benchmarks.world import CHUNK, REPS, REVIEWERS, Centre, build
from core import clock
from core.db import reading
from wiki.scoring.models import LedgerEntry, ScoringAct
from wiki.scoring.replay import Replay
from wiki.scoring.rules import Does

KINDS = (("feedback.used", ""), ("feedback.helpful", ""), ("article.accepted", "faq"), ("review.decided", "in_time"))
UNDONE = 50  # one act in so many is taken back some time later


def year(count: int) -> Centre:
    """A centre whose ledger of so many acts is what a replay of them gives."""
    found = build(folder("ledger"), articles=10, reviews=0, entries=0, indexed=False)
    with found.app.app_context(), reading():
        from wiki.scoring.queries import rules

        book = Replay(rules())
    acts = _acts(count)
    number = 0
    while some := list(islice(acts, CHUNK)):
        entries: list[dict[str, Any]] = []
        for row in some:
            number += 1
            row["id"] = number
            act = ScoringAct(**{**row, "people": list(row["people"])}).act
            entries += [_entry(row, one) for one in book.entries(act)]
        with found.database.writer.begin() as connection:
            connection.execute(sa.insert(ScoringAct), some)
            if entries:
                connection.execute(sa.insert(LedgerEntry), entries)
    return found


def _acts(count: int) -> Iterator[dict[str, Any]]:
    begin = clock.now() - timedelta(days=365)
    for n in range(1, count + 1):
        at = begin + timedelta(minutes=n * 525_600 // count)
        event, variant = KINDS[0 if n % 10 < 6 else 1 if n % 10 < 9 else 2 + n // 10 % 2]
        undoes = None
        if n % UNDONE == 0:
            event, variant, undoes = KINDS[0][0], "", f"made:{n - UNDONE + 1 - (n - UNDONE + 1) % 10}"
        people = [REVIEWERS + 1 + n * 7919 % REPS]
        yield {
            "event": event, "variant": variant, "source_kind": "made", "source_id": n, "source": f"made:{n}",
            "undoes": undoes, "does": Does.UNDO if undoes else Does.PAY, "people": people, "amount": Decimal(1),
            "score": 60 + n % 41, "at": at, "day": at.date(), "period": f"{at:%Y-%m}", "details": {}, "recorded_at": at,
        }  # fmt: skip


def _entry(row: dict[str, Any], one: Any) -> dict[str, Any]:
    return {
        "act_id": row["id"], "user_id": one.user_id, "rule_id": one.rule_id, "rule": one.rule, "event": one.event,
        "unit": one.unit, "points": one.points, "uncapped": one.uncapped, "multiplier": one.multiplier,
        "source_kind": "made", "source_id": row["source_id"], "source": row["source"], "at": row["at"],
        "day": row["day"], "period": row["period"], "note": "", "details": {},
    }  # fmt: skip


def _command(times: int, name: str) -> Figure:
    count = 10 * BASE * times
    place = shared(f"year {times}", lambda: year(count))
    place.database.close()
    began = time.perf_counter()
    place_of = {"SPIRAL_VAR": str(place.var), "SPIRAL_DEMO": "0", "PATH": "/usr/bin:/bin"}
    code = (
        "import pathlib; from core.settings import load; from wiki.app import create_app; "
        "from core.db import reading, writing; from wiki.scoring import rebuilding\n"
        f"app = create_app(load({{'var': pathlib.Path({str(place.var)!r}), 'demo': False}}, environ={{}}))\n"
        f"with app.app_context(), {'reading' if name == 'verify' else 'writing'}():\n"
        f"    found = {'rebuilding.verify()' if name == 'verify' else 'rebuilding.rebuild()[1]'}\n"
        "    assert not found, found\n"
        f"{PEAK}"
    )
    said = subprocess.run([sys.executable, "-c", code], env=place_of, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr[-2000:]
    took = time.perf_counter() - began
    return Figure(took, f"{count:,} acts, peak {said.stdout.split()[-1]} MB")


@benchmark("ledger verified", unit="s", target=15, tenfold=90)
def verifying(times: int) -> Figure:
    """`flask scoring verify`: every act replayed and compared with what is written."""
    return _command(times, "verify")


@benchmark("ledger rebuilt", unit="s", target=15, tenfold=90)
def rebuilding(times: int) -> Figure:
    """`flask scoring rebuild` of a ledger that is right already: facts below are looked through, too."""
    return _command(times, "rebuild")
