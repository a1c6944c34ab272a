"""The tables of docs/domain.md are those of the code."""

import re
from collections.abc import Iterator

from accounts.rules import Role
from core.settings import ROOT
from wiki.articles.kinds import KINDS, FieldSpec
from wiki.articles.pipelines import DEFAULT_PIPELINES
from wiki.insight.queries import QUOTAS
from wiki.kpi.catalogue import CATALOGUE, DEFAULT_CARDS, PERSPECTIVES, SPECS
from wiki.kpi.periods import Span
from wiki.scoring.rules import DEFAULTS

PAGE = (ROOT / "docs" / "domain.md").read_text("utf-8")
NONE = "–"


def table(*head: str) -> list[list[str]]:
    """The cells of the one table whose head begins like this, without backticks."""
    start = f"| {' | '.join(head)} |"
    assert PAGE.count(f"\n{start}") == 1, start
    lines = PAGE[PAGE.index(f"\n{start}") + 1 :].splitlines()
    return list(_rows(lines[2:]))


def _rows(lines: list[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def test_roles() -> None:
    assert [row[0] for row in table("role", "中文")] == list(Role)


def test_fields() -> None:
    def told(spec: FieldSpec) -> str:
        return f"{spec.code}{'*' * spec.required}{'°' * spec.private} {spec.type}"

    rows = {row[0]: row[2] for row in table("kind", "中文", "fields")}
    assert rows == {kind.code: ", ".join(map(told, kind.fields)) for kind in KINDS.values()}


def test_pipelines() -> None:
    rows = {row[0]: (row[1], row[2]) for row in table("kind", "stages", "due after")}
    assert rows == {
        kind: (" → ".join(stage.key for stage in found.stages), f"{found.stages[0].due_hours} h")
        for kind, found in DEFAULT_PIPELINES.items()
    }
    stages = [stage for found in DEFAULT_PIPELINES.values() for stage in found.stages]
    assert all(
        (len(s.seats), s.seats[0].role, s.seats[0].needed, s.veto, s.checklist) == (1, s.key, 1, True, ())
        for s in stages
    )
    assert all(len({stage.due_hours for stage in found.stages}) == 1 for found in DEFAULT_PIPELINES.values())


def test_indicators() -> None:
    rows = [(row[0], *row[2:]) for row in table("indicator", "中文")]
    assert rows == [(s.code, str(s.numerator), str(s.denominator), s.unit, s.direction, s.origin) for s in SPECS]


def test_weights_of_perspectives() -> None:
    rows = table("perspective", "中文", "centre", "team", "person")
    assert [row[0] for row in rows] == list(PERSPECTIVES)
    for place, card in enumerate(("centre", "team", "person"), 2):
        assert [(r[0], r[place]) for r in rows if r[place] != NONE] == [(p, w) for p, w, _l in DEFAULT_CARDS[card]]


def test_weights_and_targets_of_indicators() -> None:
    rows = table("perspective", "indicator", "target", "period", "centre", "team", "person")
    for place, card in enumerate(("centre", "team", "person"), 4):
        assert [(r[0], r[1], r[2], r[3], r[place]) for r in rows if r[place] != NONE] == [
            (perspective, code, target, span.value, weight)
            for perspective, _w, lines in DEFAULT_CARDS[card]
            for code, weight, target, span in lines
        ]
    assert {row[1] for row in rows} <= CATALOGUE.keys()
    assert {row[1]: int(row[2]) for row in rows if row[1] in QUOTAS} == QUOTAS
    assert {row[3] for row in rows} <= set(Span)


def test_points() -> None:
    def yes(flag: bool) -> str:
        return "yes" if flag else NONE

    rows = [tuple(row) for row in table("rule", "act", "variant")]
    assert rows == [
        (
            *(d.code, d.event, d.variant or NONE, d.points, d.unit, yes(d.quality), yes(d.split)),
            *(d.cap_per_day or NONE, d.cap_per_month or NONE),
        )
        for d in DEFAULTS
    ]


def test_citations_lead_to_a_section() -> None:
    """``docs/domain.md`` §3 in a docstring: the page has a section 3."""
    numbers = set(re.findall(r"^## (\d+)\.", PAGE, re.M))
    for package in ("accounts", "core", "workflows", "wiki", "tests", "benchmarks"):
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text("utf-8")
            assert set(re.findall(r"docs/domain\.md`* §(\d+)", text)) <= numbers, file
            assert not re.findall(r"(?<!docs/)\b(?:domain|model|qualities)\.md`", text), file
