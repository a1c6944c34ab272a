"""The figures of other systems, brought in month by month, and the months that are closed."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.i18n import choose_zone
from wiki.demo.plan import Do, Plan, World
from wiki.kpi import ops
from wiki.kpi.bringing import import_readings
from wiki.kpi.periods import Period, of_moment

BRINGS_IN, CLOSES = "gaoyuan", "gaoyuan"
OPEN_MONTHS = 2  # the running month and the one before, which the manager has still to close


def plan_readings(plan: Plan) -> None:
    """Each month's readings arrive on the 2nd of the next; on the 5th it is closed, but for the last two."""
    running = of_moment(plan.present.now, choose_zone())
    for column, token in enumerate(plan.library.readings["months"]):
        back = int(token[1:-1])
        period = running.step(back)
        rows = _rows(plan.library.readings["indicators"], column, period)
        plan.at(_arrival(plan, period), _bring(rows, str(period)))
        if -back >= OPEN_MONTHS:
            plan.at(day_of_next(period, 5, 10, 20), _close(period))


def _rows(indicators: dict[str, Any], column: int, period: Period) -> list[tuple[int, dict[str, str]]]:
    found: list[tuple[int, dict[str, str]]] = []
    for code, about in indicators.items():
        for subject, cells in about["rows"].items():
            if cells[column]:
                numerator, denominator = cells[column].split("/")
                found.append(
                    (
                        len(found) + 1,
                        {
                            "indicator": code,
                            "subject": subject,
                            "period": str(period),
                            "numerator": numerator,
                            "denominator": denominator,
                        },
                    )
                )
    return found


def _arrival(plan: Plan, period: Period) -> datetime:
    """The 2nd of the next month; readings of the running month so far arrived a moment ago."""
    return min(day_of_next(period, 2, 9, 10), plan.present.now)


def day_of_next(period: Period, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of a day of the month after a period."""
    at = time(hour, minute)
    return datetime.combine(period.day_after + timedelta(days=day - 1), at, ZoneInfo(choose_zone()))


def _bring(rows: list[tuple[int, dict[str, str]]], period: str) -> Do:
    def bring(world: World) -> None:
        report = import_readings(world.actors[BRINGS_IN], rows, source=f"{period}.csv")
        if report.errors:
            line, sentence = report.errors[0]
            raise ValueError(f"reading {rows[line - 1][1]}: {sentence}")

    return bring


def _close(period: Period) -> Do:
    return lambda world: ops.close(world.actors[CLOSES], period)
