"""Who looked at which card, what is done about misses, and who would rather be in no ranking."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from accounts.models import User
from core import clock
from core.db import session
from core.i18n import choose_zone
from wiki.demo.hours import some_time
from wiki.demo.plan import Do, Plan, World
from wiki.kpi import cuika_ops, queries
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_rules import ActionState
from wiki.kpi.dealing_models import CardOpening
from wiki.kpi.models import SubjectKind
from wiki.kpi.periods import Period, of_moment
from wiki.kpi.subjects import Subject, find
from wiki.scoring.boards_ops import choose

MANAGER = "gaoyuan"
UNRANKED = ("songyan", "wuqiang")
# (months back, indicator, of whom, what, who, days until it is due, what came of it and after how many days – or open)
ACTIONS: tuple[tuple[int, str, str, str, str, int, tuple[str, int] | None], ...] = (
    (3, "cases_closed_24h", "team:broadband", "报障单每天 16 点集中回看一次，当天能结的当天结清", "wuqiang", 30,
     ("每日回看已成习惯，积压由 40 单降到 12 单。", 24)),
    (2, "cases_closed_24h", "team:complaint", "跨部门投诉单由专人每日催办", "guomei", 30, ("催办表已固定到早会。", 27)),
    (2, "cases_closed_24h", "team:clinic", "週一上午加派一席，由二線支援", "xujianhong", 21,
     ("人力不足，改由排班調整處理。", 12)),
    (1, "cases_closed_24h", "team:clinic", "診所報修改由專席直接派工，當日回報", "xujianhong", 28, None),
    (1, "proactive_care", "centre", "每周三下午关怀回访，两小时一席，名单由系统生成", "gaoyuan", 40, None),
)  # fmt: skip


def plan_boards(plan: Plan) -> None:
    """Cards are looked at after each closing; actions are made a week after the month; two people want no place."""
    running = of_moment(plan.present.now, choose_zone())
    for back in (3, 2, 1):
        _looks(plan, running.step(-back))
    for back, code, subject, what, owner, days, end in ACTIONS:
        _acts(plan, running.step(-back), code, subject, what, owner, days, end)
    for username in UNRANKED:
        zone = plan.library.zone(username)
        at = some_time(plan.present.day(40, zone), zone, plan.chance("unranked", username))
        plan.at(at, _unranked(username))


def _unranked(username: str) -> Do:
    return lambda world: choose(world.actors[username], hidden=True)


def _looks(plan: Plan, period: Period) -> None:
    """Four of five people open their own card of a month after it has been closed; some supervisors the centre's."""
    for username in plan.library.people:
        chance = plan.chance("looks", username, str(period))
        if chance.random() < 0.8:
            at = _in_the_next(plan, period, chance.randint(5, 12))
            plan.at(at, _look(username, str(period)))
    for number, place in enumerate(plan.library.places["teams"]):
        if number % 3 != 2:
            plan.at(_in_the_next(plan, period, 6), _look(place["supervisor"], str(period), SubjectKind.CENTRE))


def _look(username: str, period: str, kind: SubjectKind = SubjectKind.PERSON) -> Do:
    def look(world: World) -> None:
        who = world.actors[username]
        session.add(
            CardOpening(
                at=clock.now(),
                user_id=who.id,
                subject_kind=kind,
                subject_id=who.id if kind is SubjectKind.PERSON else 0,
                period=period,
                code="",
            )
        )

    return look


def _in_the_next(plan: Plan, period: Period, day: int) -> datetime:
    at = datetime.combine(period.day_after + timedelta(days=day - 1), time(9, 40), ZoneInfo(choose_zone()))
    return min(at, plan.present.now)


def _acts(
    plan: Plan, month: Period, code: str, subject: str, what: str, owner: str, days: int, end: tuple[str, int] | None
) -> None:
    made = _in_the_next(plan, month, 8)
    plan.at(made, _make(month, code, subject, what, owner, days))
    if end is not None and made + timedelta(days=end[1]) <= plan.present.now:
        plan.at(made + timedelta(days=end[1]), _end(what, owner, *end))


def _make(month: Period, code: str, address: str, what: str, owner: str, days: int) -> Do:
    def make(world: World) -> None:
        actor, indicator = world.actors[MANAGER], queries.indicator(code)
        subject: Subject = find(address, actor)
        person = session.scalar(sa.select(User).where(User.username == owner))
        assert indicator is not None
        aim = cuika_ops.aim_of(indicator, subject, month)
        period = cuika_ops.judged(month, aim) if aim else month
        due = month.day_after + timedelta(days=7 + days)
        cuika_ops.make_action(actor, indicator, subject, period, what=what, owner=person, due_on=due)

    return make


def _end(what: str, owner: str, said: str, _days: int) -> Do:
    state = ActionState.DROPPED if said.startswith("人力不足") else ActionState.DONE

    def end(world: World) -> None:
        action = session.scalar(sa.select(KpiAction).where(KpiAction.what == what))
        if action is not None:
            cuika_ops.close_action(world.actors[owner], action.id, state, result=said)

    return end
