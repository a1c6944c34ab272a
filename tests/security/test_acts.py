"""Each of these addresses leaves an act in the trail when somebody does there what it is for (S32).

Most addresses are seen at work by the tests of their own part; these are not, or only in a process of its own. The
fields of a form are those that its page shows; only what is named here is typed over them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from core import clock
from core.db import session, writing
from tests.clients import Browser, Script
from tests.make import Make
from tests.security.forms import forms
from tests.security.test_authz_matrix import world
from tests.security.world import World
from tests.support import traced
from tests.support.files import picture
from wiki.articles import files, lifecycle, ops
from wiki.articles.models import Submission
from wiki.training.models import Quiz
from workflows import claiming

__all__ = ["world"]

Made = dict[str, Any]


@dataclass(slots=True)
class Act:
    """Who fills in which form of which page; ``{names}`` are of the world, or were made for it."""

    who: str
    page: str
    to: str
    typed: dict[str, str] = field(default_factory=dict)
    made: Callable[[World], Made] = lambda _world: {}


def approved(world: World) -> Made:
    """A text that is to be published in a week."""
    author = world.actors["author"]
    planned = world.make.submission(author, title="planned", submitted=False)
    lifecycle.schedule(planned, author, publish_at=clock.now() + timedelta(days=7), expires_at=None)
    ops.submit(planned, author)
    return {"planned": world.make.approved(planned).id}


def withdrawn(world: World) -> Made:
    found = session.get_one(Submission, world.review)
    ops.withdraw(found, world.actors["author"])
    return {}


def unused(world: World) -> Made:
    return {"unused": files.keep(world.actors["author"], "b.png", picture(9)).id}


def timed(world: World) -> Made:
    session.get_one(Quiz, world.quiz).time_limit = 10
    return {}


def taught_nowhere(world: World) -> Made:
    world.make.article(world.actors["author"], title="underground")
    return {}


ACTS = (
    Act("admin", "/admin/kpi", "/admin/kpi/close"),
    Act("manager", "/admin/kpi/indicators/new", "/admin/kpi/indicators/new", {
        "code": "calls_taken", "name": "Calls taken", "about": "Calls that were taken", "numerator": "calls",
        "denominator": "days",
    }),
    Act("manager", "/admin/kpi/indicators/csat", "/admin/kpi/indicators/csat", {"about": "How content people are"}),
    Act("manager", "/admin/kpi/indicators/csat", "/admin/kpi/indicators/csat/target", {
        "target": "91", "since": "2027-01-01", "kind": "person", "why": "it is time",
    }),
    Act("admin", "/admin/kpi/readings/{reading}", "/admin/kpi/readings/{reading}", {"numerator": "89", "why": "typo"}),
    Act("manager", "/admin/kpi/templates/team", "/admin/kpi/templates/team", {"more": ""}),
    Act("training", "/attempts/{attempt}", "/attempts/{attempt}/void", {"reason": "the line was cut"}),
    Act("training", "/bank", "/bank/{banked}/retire"),
    Act("training", "/cohorts/{cohort}", "/cohorts/{cohort}", {"people": "rep"}),
    Act("training", "/courses/{course}/sessions/{session}/edit", "/courses/{course}/sessions/{session}/edit", {
        "title": "another name",
    }),
    Act("training", "/courses/{course}/tasks/{todo}/edit", "/courses/{course}/tasks/{todo}/edit", {"title": "else"}),
    Act("training", "/courses/{course}/edit", "/courses/{course}/edit", {"title": "another course"}),
    Act("training", "/courses/{course}/edit?q=under", "/courses/{course}/several", made=taught_nowhere),
    Act("author", "/files", "/files/{unused}/remove", made=unused),
    Act("manager", "/insight/fairness/{finding}", "/insight/fairness/{finding}/dismiss", {"reason": "one team"}),
    Act("training", "/quizzes/{quiz}/edit", "/quizzes/{quiz}/edit", {"title": "another quiz"}),
    Act("training", "/quizzes/{quiz}/edit", "/quizzes/{quiz}/times", {"user": "{author}", "minutes": "5"}, timed),
    Act("manager", "/submissions/{planned}", "/submissions/{planned}/call-off", made=approved),
    Act("author", "/submissions/{review}", "/submissions/{review}/reopen", made=withdrawn),
)  # fmt: skip


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.to)
def test_what_a_page_is_for_leaves_an_act(world: World, signed_in: Callable[..., Browser], act: Act) -> None:
    with writing():
        names = {**vars(world), **{name: user.id for name, user in world.users.items()}, **act.made(world)}
    browser = signed_in(world.users[act.who])
    page, to = act.page.format(**names), act.to.format(**names)
    sent = [form for form in forms(browser.text(page), page) if form.method == "POST"]
    shown = [form for form in sent if urlsplit(form.action).path == to]
    assert shown, f"{page} has no form that goes to {to}"
    typed = {name: text.format(**names) for name, text in act.typed.items()}
    assert set(typed) <= set(shown[0].values), "the form asks for what is typed"
    answer = browser.post(to, data={**shown[0].values, **typed})
    assert answer.status_code in {200, 303, 302}, answer.get_data(as_text=True)
    assert traced.TRAIL in traced.tables(), to


def drawn(world: World, make: Make) -> tuple[str, str, Any]:
    return "training", f"/quizzes/{world.quiz}/draws", {"category": "bills", "count": 1}


def released(world: World, make: Make) -> tuple[str, str, Any]:
    claiming.claim(world.task, world.actors["business"])
    return "business", f"/reviews/{world.task}/release", {}


def named(world: World, make: Make) -> tuple[str, str, Any]:
    return "manager", f"/reviews/{world.task}/people", {"people": [make.user("business").username]}


@pytest.mark.parametrize("call", [drawn, released, named])
def test_what_a_program_does_leaves_an_act(
    world: World, make: Make, api: Callable[..., Script], call: Callable[[World, Make], tuple[str, str, Any]]
) -> None:
    with writing():
        who, path, body = call(world, make)
    api(world.users[who]).ok("POST", path, body)
    assert traced.TRAIL in traced.tables(), path
