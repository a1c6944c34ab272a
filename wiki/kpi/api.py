"""``GET /scorecards/{…}`` and ``POST /kpi/readings``."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field, RootModel

from core import clock
from core.api import Api, In, Out
from core.errors import Invalid
from core.i18n import choose_zone
from core.web import actor
from wiki.kpi.bringing import import_readings
from wiki.kpi.cards import card
from wiki.kpi.periods import of_moment, parse
from wiki.kpi.permissions import P
from wiki.kpi.showing import indicator_name, perspective_name
from wiki.kpi.subjects import find

api = Api("kpi", writes="kpi")


class CardQuery(In):
    """Which period: 2026-11, 2026-Q4 or 2026-H2; this month by default."""

    period: str | None = None


class IndicatorOut(Out):
    """One figure. Weights are percents; decimals are strings; ``null`` is no data."""

    code: str
    name: str
    weight: str
    target: str
    unit: str
    direction: str
    numerator: str | None
    denominator: str | None
    value: str | None
    score: str | None
    source: str
    periods: list[str]


class PerspectiveOut(Out):
    """A perspective and its figures."""

    key: str
    name: str
    weight: str
    score: str | None
    indicators: list[IndicatorOut]


class CardOut(Out):
    """A scorecard. ``covered``: the percent of all weights that have data; ``total`` is null where nothing has."""

    subject: str
    period: str
    state: str
    total: str | None
    covered: str
    perspectives: list[PerspectiveOut]


@api.get("/scorecards/<address>", gate=P.OPEN_CARDS, query=CardQuery, answer=CardOut)
def show_card(address: str, query: CardQuery) -> CardOut:
    """The scorecard of a username, of team:slug, or of the centre."""
    subject = find(address, actor())
    period = parse(query.period) if query.period else of_moment(clock.now(), choose_zone())
    document = card(subject, period)
    return CardOut(
        subject=subject.address,
        period=document["period"],
        state=document["state"],
        total=document["total"],
        covered=document["covered"],
        perspectives=[
            PerspectiveOut(
                key=p["key"],
                name=perspective_name(p["key"]),
                weight=p["weight"],
                score=p["score"],
                indicators=[
                    IndicatorOut(name=indicator_name(line["code"], line["label"]), **_only(line))
                    for line in p["indicators"]
                ],
            )
            for p in document["perspectives"]
        ],
    )


def _only(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in IndicatorOut.model_fields if name != "name"}


class ReadingIn(In):
    """One reading; ``subject`` is a username, team:slug, or centre."""

    indicator: str
    subject: str
    period: str
    numerator: Decimal
    denominator: Decimal


class ReadingsIn(RootModel[list[ReadingIn]]):
    """At most 10,000 at a time; all are taken in or none."""

    root: list[ReadingIn] = Field(max_length=10_000)


class ImportOut(Out):
    """What it did."""

    added: int
    corrected: int
    unchanged: int


@api.post("/kpi/readings", gate=P.BRING_READINGS, body=ReadingsIn, answer=ImportOut)
def bring_readings(body: BaseModel) -> ImportOut:
    """Take in readings; those in force already change nothing, others of the same key are corrections."""
    assert isinstance(body, ReadingsIn)
    rows = [(number, reading.model_dump()) for number, reading in enumerate(body.root)]
    report = import_readings(actor(), rows, source="api")
    if report.errors:
        raise Invalid({str(number): sentence for number, sentence in report.errors})
    return ImportOut(added=report.added, corrected=report.corrected, unchanged=report.unchanged)
