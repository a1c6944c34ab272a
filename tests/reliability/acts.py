"""Every op of the house, and how the tests come to it: a request of the table of rights, or an act written here.

``READS`` write nothing themselves, or no row. An op that stands nowhere fails ``test_fault_injection.py``.
"""

import ast
import dataclasses
import importlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from unittest import mock

import sqlalchemy as sa

from accounts import ops as people
from accounts.models import User
from core import clock
from core.db import session
from core.i18n import choose_zone
from tests.security.world import World
from wiki.articles import draft_ops
from wiki.articles import ops as writing_ops
from wiki.articles.content import Content
from wiki.articles.models import Submission
from wiki.articles.pipelines import seeded
from wiki.exchange import ops as imports
from wiki.exchange.models import Import
from wiki.exchange.rules import State
from wiki.kpi import cuika_ops, queries
from wiki.kpi import ops as cards
from wiki.kpi.bringing import import_readings
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_rules import ActionState
from wiki.kpi.models import SubjectKind
from wiki.kpi.periods import Span, of_moment, parse
from wiki.kpi.subjects import CENTRE
from wiki.notifications import ops as notices
from wiki.scoring import boards_ops, dividing_ops
from wiki.scoring import ops as ledger
from wiki.scoring.models import LedgerEntry, ScoringAct
from wiki.training import ops as teaching
from wiki.training.models import Course, Lesson
from workflows import calendar_ops
from workflows import ops as reviewing
from workflows.calendars import CLOSED

ROOT = Path(people.__file__).parent.parent
Act = Callable[[World], object]


def modules() -> Iterator[ModuleType]:
    """Every module of ops."""
    for folder in ("core", "accounts", "workflows", "wiki"):
        for path in sorted([*(ROOT / folder).rglob("ops.py"), *(ROOT / folder).rglob("*_ops.py")]):
            yield importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def ops() -> dict[str, Callable[..., object]]:
    """Every op by its whole name: a public function that stands in such a module."""
    return {
        f"{module.__name__}.{node.name}": getattr(module, node.name)
        for module in modules()
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def draft(world: World) -> Submission:
    return session.get_one(Submission, world.draft)


def lesson(_world: World) -> Lesson:
    return session.scalars(sa.select(Lesson).order_by(Lesson.id)).first()  # type: ignore[return-value]


def course(world: World) -> Course:
    return session.scalars(sa.select(Course).where(Course.slug == world.course)).one()


def brought(world: World, state: State) -> Import:
    row = session.get_one(Import, world.brought)
    row.state = state
    return row


def paid(_world: World) -> ScoringAct:
    """The first act that paid somebody."""
    acts = sa.select(ScoringAct).join(LedgerEntry, LedgerEntry.source == ScoringAct.source)
    return session.scalars(acts.where(ScoringAct.undoes.is_(None)).order_by(ScoringAct.id)).first()  # type: ignore[return-value]


def undone(world: World) -> ScoringAct:
    act = paid(world)
    assert ledger.undo(act.event, act.source, why="again")
    return act


def first_administrator(_world: World) -> None:
    session.execute(sa.text("DELETE FROM user_roles WHERE role = 'admin'"))
    token = people.make_setup_link()
    people.use_setup_link(token, username="first", name="First", password_hash="x")


def in_and_out(world: World) -> None:
    token, _row = people.sign_in(session.get_one(User, world.users["rep"].id), address="127.0.0.1", agent="a")
    people.sign_out(token)


def emptied(table: str) -> None:
    session.execute(sa.text(f"DELETE FROM {table}"))


def one_more(module: ModuleType, name: str) -> None:
    """The product has learned one more of these since the last start."""
    known = getattr(module, name)
    with mock.patch.object(module, name, (*known, dataclasses.replace(known[0], code="fresh"))):
        module.ensure_defaults()


def missed(world: World) -> None:
    session.execute(sa.update(KpiAction).values(due_on=date(2020, 1, 1)))
    cuika_ops.remind()


def act_on_a_miss(world: World) -> None:
    month = of_moment(clock.now(), choose_zone())
    row = {"indicator": "csat", "subject": "centre", "period": str(month), "value": "1"}
    import_readings(world.actors["manager"], [(2, row)], source="low.csv")
    about = {"what": "Listen to calls", "owner": world.users["rep"], "due_on": clock.today("UTC") + 3 * TOMORROW}
    cuika_ops.make_action(world.actors["manager"], queries.indicator("csat"), CENTRE, month, **about)


LINES = (("csat", "100", "90", Span.MONTH),)
TOMORROW = timedelta(days=1)

ACTS: dict[str, Act] = {
    "accounts.ops.add_user": lambda w: people.add_user(
        w.actors["admin"], username="fresh", name="Fresh", roles=["rep"], team="billing"
    ),
    "accounts.ops.set_password": lambda w: people.set_password(
        w.actors["admin"], session.get_one(User, w.users["victim"].id), "x"
    ),
    "accounts.ops.create_token": lambda w: people.create_token(
        w.actors["author"], session.get_one(User, w.users["author"].id), name="x"
    ),
    "accounts.ops.end_every_sign_in": lambda _w: people.end_every_sign_in(),
    "accounts.ops.make_setup_link": lambda _w: people.make_setup_link(),
    "accounts.ops.use_setup_link": first_administrator,
    "accounts.ops.remembered": lambda _w: people.remembered("long.gone", "Long Gone"),
    "accounts.ops.sign_in": in_and_out,
    "accounts.ops.sign_out": in_and_out,
    "accounts.ops.sweep_sessions": lambda _w: people.sweep_sessions(),
    "wiki.articles.draft_ops.save": lambda w: draft_ops.save(draft(w), w.actors["author"], Content(title="other")),
    "wiki.articles.draft_ops.stand_against": lambda w: draft_ops.stand_against(
        session.get_one(Submission, w.opening), w.actors["author"], 1
    ),
    "wiki.articles.ops.add_category": lambda _w: writing_ops.add_category("fresh", "Fresh"),
    "wiki.articles.ops.add_service": lambda _w: writing_ops.add_service("fresh", "Fresh"),
    "wiki.articles.ops.reopen": lambda w: [
        writing_ops.withdraw(draft(w), w.actors["author"]), writing_ops.reopen(draft(w), w.actors["author"])
    ],
    "wiki.exchange.ops.begin": lambda w: imports.begin(w.actors["manager"], "1" * 32, "a.md", b"x", [], []),
    "wiki.exchange.ops.run": lambda w: imports.run(brought(w, State.CHECKED), w.actors["manager"]),
    "wiki.exchange.ops.stop": lambda w: imports.stop(brought(w, State.RUNNING), w.actors["manager"]),
    "wiki.exchange.ops.forget_old": lambda _w: [
        session.execute(sa.update(Import).values(updated_at=clock.now() - timedelta(days=400))), imports.forget_old()
    ],
    "wiki.kpi.cuika_ops.make_action": act_on_a_miss,
    "wiki.kpi.cuika_ops.close_action": lambda w: cuika_ops.close_action(
        w.actors["manager"], w.action, ActionState.DONE, result="It helped."
    ),
    "wiki.kpi.cuika_ops.pass_on": lambda w: cuika_ops.pass_on(
        session.get_one(KpiAction, w.action), session.get_one(User, w.users["manager"].id), w.actors["manager"]
    ),
    "wiki.kpi.cuika_ops.remind": missed,
    "wiki.kpi.cuika_ops.sweep": lambda _w: cuika_ops.sweep(),
    "wiki.kpi.cuika_ops.sweep_readings": lambda _w: cuika_ops.sweep_readings(6),
    "wiki.kpi.ops.ensure_defaults": lambda _w: one_more(cards, "SPECS"),
    "wiki.kpi.ops.make_template": lambda w: cards.make_template(
        w.actors["admin"], SubjectKind.PERSON, clock.now().date() + 40 * TOMORROW, (("customer", "100", LINES),)
    ),
    "wiki.kpi.ops.close": lambda _w: cards.close(None, parse("2026-01")),
    "wiki.notifications.ops.forget_what_is_old": lambda _w: notices.forget_what_is_old(),
    "wiki.scoring.boards_ops.change_badge": lambda w: boards_ops.change_badge(
        w.actors["manager"], "uses_100", threshold=Decimal(3), since=clock.now().date() + 3 * TOMORROW
    ),
    "wiki.scoring.boards_ops.ensure_defaults": lambda _w: one_more(boards_ops, "DEFAULTS"),
    "wiki.scoring.ops.restore": lambda w: ledger.restore(undone(w).event, paid(w).source, why="again"),
    "wiki.scoring.ops.again": lambda w: ledger.again(undone(w).event, paid(w).source),
    "wiki.scoring.dividing_ops.divide": lambda w: dividing_ops.divide(
        [paid(w)], {w.users["author"].id: 1, w.users["rep"].id: 1}
    ),
    "wiki.scoring.ops.ensure_defaults": lambda _w: one_more(ledger, "DEFAULTS"),
    "wiki.training.ops.create_course": lambda w: teaching.create_course(
        w.actors["training"], teaching.CourseSpec("a fresh course")
    ),
    "wiki.training.ops.change_course": lambda w: teaching.change_course(
        course(w), w.actors["training"], teaching.CourseSpec("a better name")
    ),
    "wiki.training.ops.describe_lesson": lambda w: teaching.describe_lesson(lesson(w), w.actors["training"], "Try it."),
    "wiki.training.ops.move_lesson": lambda w: teaching.move_lesson(lesson(w), w.actors["training"], "down"),
    "wiki.training.ops.pass_on": lambda w: teaching.pass_on(
        course(w), session.get_one(User, w.users["manager"].id), w.actors["manager"]
    ),
    "wiki.training.ops.pin": lambda w: teaching.pin(lesson(w), w.actors["manager"], version="1.0"),
    "wiki.training.ops.remove_lesson": lambda w: teaching.remove_lesson(lesson(w), w.actors["training"]),
    "workflows.calendar_ops.ensure_calendars": lambda _w: [emptied("calendars"), calendar_ops.ensure_calendars()],
    "workflows.calendar_ops.save_calendar": lambda w: calendar_ops.save_calendar(
        w.actors["manager"], "fresh", name="Fresh", timezone="Asia/Shanghai",
        week=[((540, 1080),)] * 5 + [CLOSED, CLOSED],
    ),
    "workflows.ops.join": lambda w: reviewing.join("submission", w.opening, [w.users["rep"].id]),
    "workflows.ops.ensure_pipelines": lambda _w: reviewing.ensure_pipelines({"fresh": seeded()["faq"]}),
    "workflows.ops.look_again": lambda w: reviewing.look_again("submission", w.opening),
}  # fmt: skip

READS = {
    "accounts.ops.setup_link", "accounts.ops.must_not_be_the_last_admin",
    "wiki.exchange.ops.keep_file", "wiki.exchange.ops.picture_of",  # files
    "wiki.exchange.ops.set_aside", "wiki.exchange.ops.sweep", "wiki.exchange.ops.clear",
    "wiki.articles.draft_ops.told", "wiki.articles.draft_ops.base_of",
    "wiki.articles.draft_ops.says", "wiki.articles.draft_ops.what_moved", "wiki.articles.ops.require_name",
    "wiki.exchange.ops.source_of", "wiki.kpi.cuika_ops.aim_of", "wiki.kpi.cuika_ops.judged",
    "wiki.kpi.cuika_ops.figure", "wiki.notifications.ops.given_up", "wiki.training.ops.swap",
}  # fmt: skip
