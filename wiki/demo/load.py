"""Fills an empty database with the demo, in one transaction: it is there whole or not at all."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from accounts.models import User
from core import clock
from core.cli import progress
from core.db import reading, session, writing
from core.errors import Conflict
from core.i18n import _
from wiki.demo.boards import plan_boards
from wiki.demo.content import Library, Present
from wiki.demo.early import plan_early
from wiki.demo.figures import plan_figures
from wiki.demo.hours import some_time
from wiki.demo.judging import found, plan_judging
from wiki.demo.must_reading import plan_must_read
from wiki.demo.newcomers import plan_newcomers
from wiki.demo.people import make_logins, settle_in
from wiki.demo.plan import Plan
from wiki.demo.readership import plan_readership
from wiki.demo.readings import plan_readings
from wiki.demo.recommending import plan_recommending
from wiki.demo.reviews import plan_texts
from wiki.demo.scores import plan_scores
from wiki.demo.searching import plan_searching
from wiki.demo.teaching import plan_courses
from wiki.demo.usage import plan_usage

FOUNDED = 200  # days before today: the centre began to use Spiral


def load() -> list[tuple[str, str, str, str]]:
    """People, texts and their work are there; returns (username, password, name, roles) of everybody, told this once.

    Raises:
        Conflict: there are people in this database (``not-empty``).
    """
    with reading():
        _must_be_empty()
    library = Library()
    logins = make_logins(library)
    plan = Plan(library, Present(clock.now()))
    plan_texts(plan)
    plan_judging(plan)
    plan_early(plan)
    plan_usage(plan)
    plan_must_read(plan)
    plan_readings(plan)
    plan_figures(plan)
    plan_boards(plan)
    plan_courses(plan)
    plan_newcomers(plan)
    plan_scores(plan)
    plan_recommending(plan)
    plan_searching(plan)
    plan_readership(plan)
    zone = library.zone("gaoyuan")
    founded = some_time(plan.present.day(FOUNDED, zone), zone, plan.chance("founded"))
    with progress(_("Loading the demo"), len(plan.acts)) as advance, _seldom_collecting(), writing():
        _must_be_empty()
        with clock.fixed(founded):
            world = settle_in(library, logins)
            found(library, world)
        plan.play(world, advance)
    return [login.told() for login in logins]


def _must_be_empty() -> None:
    if session.scalar(sa.select(User.id).limit(1)) is not None:
        raise Conflict(
            _("There are people in this database already; the demo goes only into an empty one."), code="not-empty"
        )


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Rows by the ten thousand live until the commit; looking for garbage among them took a quarter of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
