"""The CUIKA board: every indicator judged for a month, and the rows behind each judgement.

One pass over the readings of half a year, one over opens, one over actions; the judging itself is in ``cuika_rules``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from core.actors import Actor
from core.db import session
from wiki.kpi import computed, cuika_queries, queries
from wiki.kpi import cuika_rules as rules
from wiki.kpi.cards import newer
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_queries import CENTRE_KEY, Circle, Key, Read
from wiki.kpi.cuika_rules import ActionState, Figure, Integrity, Judgement
from wiki.kpi.models import Indicator, SubjectKind
from wiki.kpi.periods import Period, Span
from wiki.kpi.permissions import LEADERS
from wiki.kpi.rules import Origin
from wiki.kpi.subjects import Subject

HISTORY = 6  # months that are looked at
_OK, _NONE = rules.State.OK, rules.State.NONE
COUNTED, UNJUDGED = Integrity(_OK, _OK, _OK, _OK, _NONE), Integrity(_NONE, _NONE, _NONE, _NONE, _NONE)
DAYS = "days"  # the source of a month that was put together of its days


@dataclass(frozen=True, slots=True)
class Aim:
    """What an indicator on the cards of one kind of subject is to reach, and how long its own period is."""

    indicator: Indicator
    span: Span
    target: Decimal


@dataclass(frozen=True, slots=True)
class Unsound:
    """A reading with something wrong or odd; ``why`` is a code that the page has words for."""

    key: Key
    period: str
    why: str
    figure: Figure
    far: Decimal | None = None  # how far an outlier lies, in robust deviations


@dataclass(frozen=True, slots=True)
class Miss:
    """A figure on the wrong side of its target, and what is being done. ``covered``: by an action one level up."""

    key: Key
    period: str
    value: Fraction
    target: Decimal
    actions: tuple[KpiAction, ...]
    covered: KpiAction | None

    @property
    def answered(self) -> bool:
        """Somebody does, or did, something about it; what was dropped does not count."""
        return self.covered is not None or any(one.state is not ActionState.DROPPED for one in self.actions)


@dataclass(slots=True)
class Row:
    """One indicator on the board."""

    indicator: Indicator
    lines: dict[SubjectKind, Aim]
    collected: Judgement
    usable: Judgement
    integrity: Integrity
    known: Judgement
    acted: Judgement
    readings: int = 0
    corrected: int = 0
    expected: int = 0
    gaps: list[tuple[Key, Period]] = field(default_factory=list)
    broken: list[Key] = field(default_factory=list)  # whose figures do not count yet
    unsound: list[Unsound] = field(default_factory=list)
    few: list[Unsound] = field(default_factory=list)
    own: list[Unsound] = field(default_factory=list)
    far: list[Unsound] = field(default_factory=list)
    concerned: list[int] = field(default_factory=list)
    opened: frozenset[int] = frozenset()
    misses: list[Miss] = field(default_factory=list)

    @property
    def counted(self) -> bool:
        """The product counts it; nobody brings it."""
        return self.indicator.origin is not Origin.IMPORTED


@dataclass(frozen=True, slots=True)
class Board:
    """All of it for one month."""

    period: Period
    circle: Circle
    rows: list[Row]


_Have = Mapping[Key, Mapping[str, Read]]


@dataclass(slots=True)
class _Known:
    """What every indicator is judged from."""

    upto: Period
    circle: Circle
    reads: dict[int, list[Read]]
    opened: dict[tuple[str, str], set[int]]  # (kind of card, '') or ('', code) → people
    actions: dict[tuple[int, str], list[KpiAction]]
    began: str  # the first month of the ledger


def board(actor: Actor, upto: Period, *, code: str | None = None) -> Board:
    """The indicators that stand on a card of this month or have readings – or one of them – as they see them."""
    circle = cuika_queries.circle_of(actor)
    lines = aims(upto)
    wanted = {key: aim.indicator for key, of in lines.items() for aim in of.values()}
    wanted |= {one.id: one for one in session.scalars(cuika_queries.measured())}
    some = {key: one for key, one in wanted.items() if code in {None, one.code}}
    known = _gather(upto, circle, list(some))
    rows = [_row(known, one, lines.get(key, {})) for key, one in some.items()]
    order = {key: position for position, key in enumerate(lines)}
    rows.sort(key=lambda row: (order.get(row.indicator.id, len(order)), row.indicator.code))
    return Board(upto, circle, rows)


def aims(period: Period) -> dict[int, dict[SubjectKind, Aim]]:
    """Indicator → what it is to reach on the last day of a period, by the cards on which it stands; the centre's first.

    Its own dated target goes before an older one of the template.
    """
    found: dict[int, dict[SubjectKind, Aim]] = defaultdict(dict)
    for kind in (SubjectKind.CENTRE, SubjectKind.TEAM, SubjectKind.PERSON):
        template = queries.template(kind, period)
        if template is None:
            continue
        own = queries.targets(kind, queries.last_day(period))
        for line in (line for p in template.perspectives for line in p.lines):
            goal = newer((template.valid_from, line.target), own.get(line.indicator_id))
            found[line.indicator_id][kind] = Aim(line.indicator, line.span, goal)
    return dict(found)


def _gather(upto: Period, circle: Circle, indicator_ids: Sequence[int]) -> _Known:
    months = {str(upto.step(-back)) for back in range(HISTORY)}
    months |= {month for span in Span for period in rules.due_periods(upto, span) for month in period.months}
    reads: dict[int, list[Read]] = defaultdict(list)
    for one in cuika_queries.readings(indicator_ids, sorted(months), circle):
        reads[one.indicator_id].append(one)
    opened: dict[tuple[str, str], set[int]] = defaultdict(set)
    for user_id, kind, code in cuika_queries.opens(upto):
        opened["" if code else kind.value, code].add(user_id)
    acts: dict[tuple[int, str], list[KpiAction]] = defaultdict(list)
    spans = {str(period) for span in Span for period in rules.due_periods(upto, span)}
    for action in session.scalars(cuika_queries.actions(spans)):
        acts[action.indicator_id, action.period].append(action)
    return _Known(upto, circle, reads, opened, acts, cuika_queries.first_month())


def _row(known: _Known, indicator: Indicator, lines: dict[SubjectKind, Aim]) -> Row:
    none = Judgement(rules.State.NONE)
    quiet = UNJUDGED
    row = Row(indicator, lines, none, none, quiet, none, none)
    have = _in_force(known.reads.get(indicator.id, ()))
    if row.counted:
        row.collected, row.usable = _counted(known, row)
        row.integrity = COUNTED if lines else quiet
    else:
        _collect(known, row, have)
        _examine(known, row, have)
    _who_knows(known, row)
    _who_acts(known, row, have)
    return row


def _in_force(reads: Sequence[Read]) -> dict[Key, dict[str, Read]]:
    found: dict[Key, dict[str, Read]] = defaultdict(dict)
    for one in reads:  # the newest is written last and stays
        found[one.key][one.period] = one
    for of in found.values():
        _sum_days(of)
    return dict(found)


def _sum_days(of: dict[str, Read]) -> None:
    """The days of a month that has no reading of its own are its reading."""
    days = [text for text in of if len(text) == 10]
    for text in sorted(days):
        day, month = of.pop(text), text[:7]
        before = of.get(month)
        if before is None:
            of[month] = day._replace(period=month, source=DAYS)
        elif before.source is DAYS:
            of[month] = before._replace(
                numerator=before.numerator + day.numerator, denominator=before.denominator + day.denominator
            )


def _counted(known: _Known, row: Row) -> tuple[Judgement, Judgement]:
    """What the product counts is there as soon as somebody works here; it counts after three months of counting."""
    row.expected = sum(len(known.circle.subjects(kind, computed=True)) for kind in row.lines)
    unbroken = row.expected if known.began <= str(rules.due_periods(known.upto, Span.MONTH)[0]) else 0
    whole = rules.judge_collected(row.expected, row.expected)
    return whole, rules.judge_usable(bool(row.lines), row.expected, unbroken)


def _collect(known: _Known, row: Row, have: _Have) -> None:
    """Who has the newest figure, and whose three months are unbroken. Without a card: of those who ever had one."""
    complete = unbroken = 0
    for key, span in _expected(known, row, have):
        row.expected += 1
        due = rules.series(known.upto, span, have.get(key, {}))
        lacking = rules.gaps(due, have.get(key, {}))
        unbroken += not lacking
        complete += not rules.missing(due[-1], have.get(key, {}))
        row.gaps += [(key, period) for period in lacking]
        if lacking:
            row.broken.append(key)
    row.collected = rules.judge_collected(row.expected, complete)
    row.usable = rules.judge_usable(bool(row.lines), row.expected, unbroken)


def _expected(known: _Known, row: Row, have: _Have) -> list[tuple[Key, Span]]:
    if not row.lines:
        return [(key, Span.MONTH) for key in have]
    return [
        (key, line.span)
        for kind, line in row.lines.items()
        for key in known.circle.subjects(kind, computed=False)
    ]  # fmt: skip


# ── integrity ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _examine(known: _Known, row: Row, have: _Have) -> None:
    reads = known.reads.get(row.indicator.id, ())
    row.readings = sum(len(of) for of in have.values())
    row.corrected = len({(one.key, one.period) for one in reads if one.number > 1})
    for key, of in have.items():
        _look_at(known, row, key, of)
    _compare(row, have, known)
    covered = row.collected.good
    row.integrity = rules.judge_integrity(
        on_a_card=bool(row.lines),
        unsound=len(row.unsound),
        corrected=row.corrected,
        readings=row.readings,
        few=len(row.few),
        subjects=row.expected,
        covered=covered,
        own=len(row.own),
        far=len(row.far),
    )


def _look_at(known: _Known, row: Row, key: Key, of: Mapping[str, Read]) -> None:
    """The readings of one subject: impossible, repeated, contradicting, of few answers, brought by who is judged."""
    unit = row.indicator.unit
    figures = {period: (one.numerator, one.denominator) for period, one in sorted(of.items())}
    for period, figure in figures.items():
        why = rules.impossible(figure, unit)
        if why:
            row.unsound.append(Unsound(key, period, why, figure))
        elif unit.value == "percent" and 0 < figure[1] < rules.FEW * rules.SCALE:
            row.few.append(Unsound(key, period, "few", figure))
        if _by_the_judged(known, key, of[period]):
            row.own.append(Unsound(key, period, "own", figure))
    row.unsound += [Unsound(key, period, "repeated", figures[period]) for period in rules.repeated(figures)]
    row.unsound += [Unsound(key, period, "contradicts", figures[period]) for period in rules.contradicting(figures)]


def _by_the_judged(known: _Known, key: Key, one: Read) -> bool:
    """The person judged, or one of the team judged, brought it in."""
    if one.by_id is None or key[0] is SubjectKind.CENTRE:
        return False
    if key[0] is SubjectKind.PERSON:
        return one.by_id == key[1]
    who = known.circle.people.get(one.by_id)
    return who is not None and who.team_id == key[1]


def _compare(row: Row, have: _Have, known: _Known) -> None:
    """Outliers: among all of a kind in the newest period, and among a subject's own figures."""
    unit = row.indicator.unit
    for kind in SubjectKind:
        line = row.lines.get(kind)
        newest = str(rules.due_periods(known.upto, line.span if line else Span.MONTH)[-1])
        values = {
            key: value
            for key, of in have.items()
            if key[0] is kind
            and newest in of
            and (value := rules.value_of((of[newest].numerator, of[newest].denominator), unit)) is not None
        }
        for key, far in rules.outliers(values).items():
            row.far.append(_far(have, key, newest, "among_others", far))
    for key, of in have.items():
        if len(of) < rules.FEWEST:
            continue
        own = {
            p: v for p, one in of.items() if (v := rules.value_of((one.numerator, one.denominator), unit)) is not None
        }
        for period, far in rules.outliers(own).items():
            row.far.append(_far(have, key, period, "among_own", far))


def _far(have: _Have, key: Key, period: str, why: str, far: Fraction) -> Unsound:
    one = have[key][period]
    return Unsound(key, period, why, (one.numerator, one.denominator), Decimal(int(far * 10)) / 10)


# ── known, acted on ──────────────────────────────────────────────────────────────────────────────────────────────────


def _who_knows(known: _Known, row: Row) -> None:
    """Those concerned: whose own card holds it; else the supervisors of the teams; else those who lead the centre."""
    people = known.circle.people.values()
    if SubjectKind.PERSON in row.lines:
        row.concerned = [key[1] for key in known.circle.subjects(SubjectKind.PERSON, computed=row.counted)]
    elif SubjectKind.TEAM in row.lines:
        row.concerned = [one.id for one in people if "supervisor" in one.roles]
    elif SubjectKind.CENTRE in row.lines:
        row.concerned = [one.id for one in people if one.roles & {"supervisor", *LEADERS}]
    seen = set(known.opened.get(("", row.indicator.code), ()))
    for kind in row.lines:
        seen |= known.opened.get((kind.value, ""), set())
    row.opened = frozenset(seen.intersection(row.concerned))
    row.known = rules.judge_known(len(row.concerned), len(row.opened))


def _who_acts(known: _Known, row: Row, have: _Have) -> None:
    """The figures of the newest whole period – measured from its beginning – against their targets, and the actions."""
    measured = 0
    for kind, line in row.lines.items():
        period = rules.due_periods(known.upto, line.span)[-1]
        figures = _figures(known, row, kind, period, have)
        measured += len(figures)
        for key, figure in figures.items():
            value = rules.value_of(figure, row.indicator.unit)
            if value is not None and rules.missed(value, line.target, row.indicator.direction):
                row.misses.append(_miss(known, row, key, str(period), value, line.target))
    row.misses.sort(key=lambda one: (one.answered, _LEVEL[one.key[0]]))
    row.acted = rules.judge_acted(measured, len(row.misses), sum(one.answered for one in row.misses))


_LEVEL = {SubjectKind.CENTRE: 0, SubjectKind.TEAM: 1, SubjectKind.PERSON: 2}


def _figures(known: _Known, row: Row, kind: SubjectKind, period: Period, have: _Have) -> dict[Key, Figure]:
    keys = known.circle.subjects(kind, computed=row.counted)
    first = period.months[0]
    if row.counted:
        return counted(row.indicator.code, keys, period) if known.began <= first else {}
    keys = [key for key in keys if min((rules.first_month(text) for text in have.get(key, {})), default="9") <= first]
    return {
        key: figure
        for key in keys
        if (figure := rules.figure_of(period, {p: (r.numerator, r.denominator) for p, r in have.get(key, {}).items()}))
        is not None
    }


def counted(code: str, keys: Sequence[Key], period: Period) -> dict[Key, Figure]:
    """The figures of an indicator that the product counts, where there is somebody to count."""
    how = computed.known(code)
    found = how.count([Subject(kind, key) for kind, key in keys], period.months) if how and keys else {}
    return {
        key: (int(measure.numerator * rules.SCALE), int(measure.denominator * rules.SCALE))
        for key, measure in found.items()
        if measure.denominator > 0
    }


def _miss(known: _Known, row: Row, key: Key, period: str, value: Fraction, target: Decimal) -> Miss:
    """A miss with its own actions, and the one of the team or the centre that covers it."""
    acts = [one for one in known.actions.get((row.indicator.id, period), ()) if one.state is not ActionState.DROPPED]
    above = {CENTRE_KEY}
    if key[0] is SubjectKind.PERSON and known.circle.people[key[1]].team_id is not None:
        above.add((SubjectKind.TEAM, known.circle.people[key[1]].team_id or 0))
    own = tuple(one for one in known.actions.get((row.indicator.id, period), ()) if one.key == key)
    covered = next((one for one in acts if one.key in above and one.key != key), None)
    return Miss(key, period, value, target, own, covered)
