"""The words of the CUIKA board: judgements, reasons, effects, and its tables to take away."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask import url_for

from core import clock
from core.i18n import _, _n, choose_zone
from core.tables import Sheet
from wiki.kpi import showing
from wiki.kpi.cards import plain
from wiki.kpi.catalogue import UNIT_MARKS
from wiki.kpi.cuika import Board, Miss, Row, Unsound
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_ops import figure
from wiki.kpi.cuika_queries import Circle, Key
from wiki.kpi.cuika_rules import SCALE, ActionState, Figure, Judgement, State, effect, value_of
from wiki.kpi.models import Indicator, SubjectKind
from wiki.kpi.periods import Period, Span, parse
from wiki.kpi.rules import Direction, two_places
from wiki.kpi.subjects import CENTRE, Subject

LOOKS = {State.OK: "is-ok", State.WARN: "is-warn", State.BAD: "is-bad", State.NONE: "plain"}
SHOWN = 200  # rows of one list on a page; the workbook has all


def collected(row: Row) -> str:
    """How many of the figures that should be there are there."""
    if row.counted:
        return _("counted here")
    return {State.NONE: _("nothing expected"), State.OK: _("complete")}.get(row.collected.state, _share(row.collected))


def usable(row: Row) -> str:
    """Whether the figure may count."""
    if not row.lines:
        return _("no target")
    words = {State.NONE: "–", State.OK: _("counts"), State.BAD: _("does not count yet")}
    return words.get(row.usable.state, _("%(n)s of %(m)s count", n=row.usable.good, m=row.usable.of))


def integrity(row: Row) -> str:
    """Whether the figure can be relied on."""
    words = {State.NONE: "–", State.OK: _("sound"), State.WARN: _("look at it"), State.BAD: _("not sound")}
    return words[row.integrity.state]


def known(row: Row) -> str:
    """How many of those concerned have looked."""
    return "–" if row.known.state is State.NONE else _share(row.known)


def acted(row: Row) -> str:
    """Whether the misses are being acted on."""
    if row.acted.state is State.NONE:
        return "–"
    if not row.misses:
        return _("no miss")
    if row.acted.rest:
        return _n("%(num)s miss without an action", "%(num)s misses without an action", row.acted.rest)
    return _n("%(num)s miss, acted on", "%(num)s misses, all acted on", row.acted.of)


def _share(one: Judgement) -> str:
    return _("%(n)s of %(m)s", n=one.good, m=one.of)


def cells(row: Row) -> list[dict[str, Any]]:
    """The five judgements of a row: where each is explained, its words, its look."""
    return [
        {"part": part, "head": heads()[part], "words": words(row), "look": LOOKS[state]}
        for part, words, state in (
            ("collected", collected, row.collected.state),
            ("usable", usable, row.usable.state),
            ("integrity", integrity, row.integrity.state),
            ("known", known, row.known.state),
            ("acted", acted, row.acted.state),
        )
    ]


def heads() -> dict[str, str]:
    """The five questions."""
    return {
        "collected": _("Collected?"),
        "usable": _("Usable?"),
        "integrity": _("Integrity?"),
        "known": _("Known?"),
        "acted": _("Acted on?"),
    }


def gaps(row: Row) -> list[tuple[Key, list[str]]]:
    """What is missing, by whose it is, in words."""
    found: dict[Key, list[str]] = {}
    for key, lacking in row.gaps:
        found.setdefault(key, []).append(showing.period_name(lacking))
    return list(found.items())


def virtues(row: Row) -> list[dict[str, str]]:
    """The questions of integrity with their answers."""
    found = row.integrity
    wrong = _n("%(num)s reading is wrong or doubtful", "%(num)s readings are wrong or doubtful", len(row.unsound))
    lines = (
        (_("Relevant"), found.relevant, _("stands on a scorecard") if row.lines else _("stands on no scorecard")),
        (
            _("Accurate"),
            found.accurate,
            wrong + " · " + _("%(n)s of %(m)s readings were corrected", n=row.corrected, m=row.readings),
        ),
        (
            _("Representative"),
            found.representative,
            _("%(n)s of %(m)s have their figure", n=row.collected.good, m=row.collected.of),
        ),
        (
            _("Objective"),
            found.objective,
            _n(
                "%(num)s reading was brought in by who is judged by it",
                "%(num)s readings were brought in by who is judged by them",
                len(row.own),
            ),
        ),
        (
            _("Outliers"),
            found.outliers,
            _n("%(num)s figure lies far from the others", "%(num)s figures lie far from the others", len(row.far)),
        ),
    )
    return [{"name": name, "look": LOOKS[state], "word": _state(state), "said": said} for name, state, said in lines]


def _state(state: State) -> str:
    return {State.OK: _("yes"), State.WARN: _("look at it"), State.BAD: _("no"), State.NONE: "–"}[state]


def reason(why: str) -> str:
    """Why a reading stands on a list."""
    return {
        "no_base": _("something out of nothing: the denominator is nought"),
        "over_whole": _("more than the whole: the numerator is larger than the denominator"),
        "repeated": _("digit for digit the figures of the period before"),
        "contradicts": _("not the sum of its parts"),
        "few": _("fewer than thirty: a share of so few says little"),
        "own": _("brought in by who is judged by it"),
        "among_others": _("far from the others of this period"),
        "among_own": _("far from its own other periods"),
    }[why]


def amount(scaled: int) -> str:
    """A figure as it was brought in."""
    return plain(Decimal(scaled) / SCALE)


def figures(of: Figure) -> str:
    """Numerator and denominator."""
    return f"{amount(of[0])} / {amount(of[1])}"


def value(exact: Fraction | None, indicator: Indicator) -> str:
    """A value with its unit."""
    mark = str(UNIT_MARKS.get(indicator.unit, ""))
    return "–" if exact is None else f"{two_places(exact):.2f} {mark}".strip()


def target(goal: Decimal, indicator: Indicator) -> str:
    """A target with its direction and unit."""
    sign = "≤" if indicator.direction is Direction.DOWN else "≥"
    return f"{sign} {plain(goal)} {UNIT_MARKS.get(indicator.unit, '')}".strip()


def subject_of(circle: Circle, key: Key) -> Subject:
    """The subject of a key."""
    if key[0] is SubjectKind.CENTRE:
        return CENTRE
    if key[0] is SubjectKind.TEAM:
        return circle.teams.get(key[1], Subject(*key))
    one = circle.people.get(key[1])
    return Subject(SubjectKind.PERSON, one.id, one.username, one.name) if one else Subject(*key)


def who(circle: Circle, key: Key) -> dict[str, str | None]:
    """A subject's name, and where its card is."""
    found = subject_of(circle, key)
    if found.kind is not SubjectKind.CENTRE and not found.slug:
        return {"name": _("somebody who has left"), "url": None, "address": None}
    return {"name": showing.subject_name(found), "url": showing.card_url(found), "address": found.address}


def period(text: str) -> str:
    """A period in words."""
    return showing.period_name(parse(text[:7]))


def kinds(row: Row) -> str:
    """On whose cards an indicator stands."""
    words = {SubjectKind.CENTRE: _("centre"), SubjectKind.TEAM: _("teams"), SubjectKind.PERSON: _("people")}
    return _(", ").join(words[kind] for kind in row.lines)


def span(row: Row) -> str:
    """How often it is measured."""
    words = {Span.MONTH: _("monthly"), Span.QUARTER: _("quarterly"), Span.HALF: _("half-yearly")}
    return _(", ").join(dict.fromkeys(words[line.span] for line in row.lines.values()))


def state_word(state: ActionState) -> tuple[str, str]:
    """The state of an action and its look."""
    return {
        ActionState.OPEN: (_("Open"), "is-now"),
        ActionState.DONE: (_("Done"), "is-ok"),
        ActionState.DROPPED: (_("Dropped"), ""),
    }[state]


def effect_of(action: KpiAction) -> dict[str, str]:
    """What followed an action: the figure it was made for, the next whole period's, and a word for the difference."""
    indicator = action.indicator
    before_in = parse(action.period)
    before = value_of(figure(indicator, action.key, before_in), indicator.unit)
    after_in, after = _after(action, before_in)
    words = {
        "better": _("better than before"),
        "worse": _("not better than before"),
        "same": _("as before"),
        "open": _("no later figure yet"),
    }
    word = effect(before, after, indicator.direction)
    looks = {"better": "is-ok", "worse": "is-warn", "same": "", "open": ""}
    return {
        "before": value(before, indicator),
        "before_in": showing.period_name(before_in),
        "after": value(after, indicator),
        "after_in": showing.period_name(after_in) if after is not None else "",
        "word": words[word],
        "look": looks[word],
    }


def _after(action: KpiAction, before: Period) -> tuple[Period, Fraction | None]:
    """The newest later period of the same length that has a figure, at most three further on."""
    for step in (3, 2, 1):
        later = before.step(step)
        found = value_of(figure(action.indicator, action.key, later), action.indicator.unit) if _over(later) else None
        if found is not None:
            return later, found
    return before.step(1), None


def _over(one: Period) -> bool:
    return one.is_over(clock.now(), choose_zone())


def action_line(action: KpiAction, today: Any) -> dict[str, Any]:
    """One action in a list."""
    word, look = state_word(action.state)
    late = action.state is ActionState.OPEN and action.due_on < today
    return {
        "id": action.id,
        "what": action.what,
        "owner": action.owner.name,
        "due_on": action.due_on,
        "state": _("Overdue") if late else word,
        "look": "is-bad" if late else look,
        "period": period(action.period),
        "url": url_for("cuika.action", action_id=action.id),
        "result": action.result,
    }


# ── to take away ─────────────────────────────────────────────────────────────────────────────────────────────────────


def sheets(board: Board) -> Mapping[str, Sheet]:
    """The board, and every list behind it."""
    names = heads()
    name = {row.indicator.id: indicator_name(row.indicator) for row in board.rows}
    return {
        "board": Sheet(
            _("Board"),
            [_("Indicator"), _("On the cards of"), *names.values()],
            [[name[r.indicator.id], kinds(r), *(cell["words"] for cell in cells(r))] for r in board.rows],
        ),
        "gaps": Sheet(
            _("Gaps"),
            [_("Indicator"), _("Of whom"), _("Period")],
            [
                [name[r.indicator.id], who(board.circle, key)["name"], str(lacking)]
                for r in board.rows
                for key, lacking in r.gaps
            ],
        ),
        "integrity": Sheet(
            _("Integrity"),
            [_("Indicator"), _("Of whom"), _("Period"), _("Figures"), _("Why"), _("How far")],
            [
                _unsound(board, name[r.indicator.id], one)
                for r in board.rows
                for one in (*r.unsound, *r.few, *r.own, *r.far)
            ],
        ),
        "known": Sheet(
            _("Known"),
            [_("Indicator"), _("Person"), _("Has looked")],
            [
                [name[r.indicator.id], board.circle.people[one].name, _("yes") if one in r.opened else _("no")]
                for r in board.rows
                for one in r.concerned
                if one in board.circle.people
            ],
        ),
        "misses": Sheet(
            _("Misses"),
            [
                _("Indicator"),
                _("Of whom"),
                _("Period"),
                _("Reached"),
                _("Target"),
                _("What is done about it"),
                _("Who"),
                _("Until"),
                _("State"),
            ],
            [_missed(board, r, name[r.indicator.id], one) for r in board.rows for one in r.misses],
        ),
    }  # fmt: skip


def indicator_name(indicator: Indicator) -> str:
    """The words for an indicator."""
    return showing.indicator_name(indicator.code, indicator.name)


def _unsound(board: Board, name: str, one: Unsound) -> list[Any]:
    far = None if one.far is None else str(one.far)
    return [name, who(board.circle, one.key)["name"], one.period, figures(one.figure), reason(one.why), far]


def _missed(board: Board, row: Row, name: str, one: Miss) -> list[Any]:
    action = next(iter(one.actions), one.covered)
    about = (
        [action.what, action.owner.name, action.due_on, state_word(action.state)[0]] if action else ["", "", None, ""]
    )
    reached = value(one.value, row.indicator)
    return [name, who(board.circle, one.key)["name"], one.period, reached, target(one.target, row.indicator), *about]
