"""What people looked for and did not find, and what is done about it."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import BadRequest

from accounts.models import Team, User
from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _, local
from core.permissions import can
from core.tables import TYPES, Sheet, as_csv, as_xlsx
from core.web import Page, actor, blueprint, gate, page_number
from wiki.articles.kinds import KINDS
from wiki.articles.titles import BLOCK
from wiki.search import gaps, words, writing
from wiki.search.gap_models import Verdict
from wiki.search.gap_rules import trend
from wiki.search.gaps import PERIODS, USUAL, Gap
from wiki.search.permissions import P
from wiki.search.word_rules import State
from wiki.search.writing_rules import DAYS, STATE_NAMES

bp = blueprint("gaps", __name__)
VIEWS = ("open", "writing", "settled")
PER_PAGE = 25


@bp.get("/insight/gaps")
@gate(P.SEE_GAPS)
def index() -> str:
    """The gaps of a period, most people first."""
    return _page({}, {})


def _page(errors: dict[str, str], typed: dict[str, str]) -> str:
    who, days, view = actor(), _days(), _view()
    found = gaps.gaps(who, days)
    counts = {name: sum(one.view == name for one in found) for name in VIEWS}
    shown = [one for one in found if one.view == view]
    page = Page(shown[(page_number() - 1) * PER_PAGE :][:PER_PAGE], page_number(), PER_PAGE, len(shown))
    return render_template(
        "gaps/index.html",
        rows=[row_of(one, who) for one in page.items],
        page=page,
        counts=counts,
        view=view,
        days=days,
        periods=PERIODS,
        whom=whom(who),
        kinds=[(kind.code, kind.label) for kind in KINDS.values() if kind.code != BLOCK],
        due_on=date.fromordinal(local(clock.now()).date().toordinal() + DAYS),
        keeps_words=can(who, P.KEEP_WORDS),
        errors=errors,
        typed=typed,
    )


def _days() -> int:
    days = request.values.get("days", USUAL, type=int)
    return days if days in PERIODS else USUAL


def _view() -> str:
    view = request.values.get("view", "open")
    return view if view in VIEWS else "open"


def row_of(gap: Gap, who: Actor) -> dict[str, Any]:
    """One gap as the page shows it: wordings and numbers, no names of those who asked."""
    group, task = gap.group, gap.mark.task if gap.mark else None
    chief = group.chief
    return {
        "key": chief.flat,
        "question": chief.text,
        "people": group.people,
        "before": group.before,
        "times": group.times,
        "nothing": group.nothing,
        "unopened": group.times - group.nothing,
        "trend": trend(group.people, group.before),
        "last": group.last,
        "wordings": [{"text": one.text, "people": len(one.people), "times": one.times} for one in group.wordings],
        "again": gap.again,
        "verdict": gap.mark.verdict.value if gap.mark else None,
        "reason": gap.mark.reason if gap.mark else "",
        "by": gap.mark.by.name if gap.mark else "",
        "at": gap.mark.at if gap.mark else None,
        "task": {
            "url": url_for("writing.show", task_id=task.id),
            "state": STATE_NAMES[task.state],
            "with": _with(task),
            "due_on": task.due_on,
        }
        if task
        else None,
        "search_url": url_for("search.results", q=chief.text),
    }


def _with(task: Any) -> str:
    person = task.taken_by or task.user
    return str(person.name if person else task.team.name)


def whom(who: Actor) -> list[tuple[str, str]]:
    """(value, words) of the teams and people of whom this person may ask a text."""
    teams, people = sa.select(Team).order_by(Team.name), _active()
    if not who.holds("manager", "training"):
        teams, people = teams.where(Team.id == who.team_id), people.where(User.team_id == who.team_id)
    listed = [(f"team:{team.id}", _("Team %(name)s", name=team.name)) for team in session.scalars(teams)]
    listed += [
        (f"user:{user.id}", f"{user.name} · {user.team.name}" if user.team else user.name)
        for user in session.scalars(people)
    ]
    return [("", _("Choose a person or a team")), *listed]


def _active() -> sa.Select[User]:
    return sa.select(User).where(User.active).options(joinedload(User.team)).order_by(User.name)


@bp.post("/insight/gaps")
@gate(P.SEE_GAPS)
def decide() -> Any:
    """Have it written, lead another word to it, leave it alone, or put it back into the list."""
    who, form = actor(), request.form
    gap = gaps.find(who, form.get("key", ""), _days())
    try:
        said = _decided(who, gap)
    except Invalid as error:
        return _page(error.errors, form.to_dict()), 422
    flash(said, "success")
    return redirect(url_for(".index", days=_days(), view=_view()), 303)


def _decided(who: Actor, gap: Gap) -> str:
    form = request.form
    match form.get("act"):
        case "write":
            task = writing.ask(
                who,
                form.get("question", ""),
                whom=form.get("whom", ""),
                kind=form.get("kind", "faq"),
                due_on=_date(form.get("due_on", "")),
                note=form.get("note", ""),
            )
            gaps.settle(who, gap, Verdict.WRITE, task=task)
            return _("The text is asked for; those whom you chose are told.")
        case "word":
            state = State.ON if can(who, P.KEEP_WORDS) else State.PROPOSED
            row = words.add(who, form.get("line", ""), _("From a question that found nothing"), state=state)
            gaps.settle(who, gap, Verdict.WORD, reason=", ".join([*row.said, *row.meant])[:300])
            return _("Saved. It holds from now on.") if state is State.ON else _("Proposed to the knowledge manager.")
        case "ignore":
            gaps.settle(who, gap, Verdict.IGNORE, reason=form.get("reason", ""))
            return _("It is left alone from now on.")
        case "back":
            gaps.put_back(who, gap)
            return _("It is in the list again.")
    raise BadRequest


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid({"due_on": _("Please give a day like 2026-11-30.")}) from error


@bp.get("/insight/gaps.<any(csv, xlsx):form>")
@gate(P.SEE_GAPS)
def take_out(form: str) -> Response:
    """The gaps of a period as a table."""
    who, days = actor(), _days()
    head = [_("Question to answer"), _("People"), _("People before"), _("Times"), _("Found nothing"),
            _("Opened nothing"), _("Asked last"), _("State"), _("Wordings")]  # fmt: skip
    names = view_names()
    rows = [row_of(one, who) | {"view": names[one.view]} for one in gaps.gaps(who, days)]
    body = [
        [r["question"], r["people"], r["before"], r["times"], r["nothing"], r["unopened"], local(r["last"]), r["view"],
         " | ".join(one["text"] for one in r["wordings"])]
        for r in rows
    ]  # fmt: skip
    sheet = Sheet(_("Gaps"), head, body)
    answer = Response(as_csv(sheet) if form == "csv" else as_xlsx([sheet]), content_type=TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="gaps-{days}.{form}"'
    return answer


def view_names() -> dict[str, str]:
    """The lists by name."""
    return {"open": _("Not yet settled"), "writing": _("Being written"), "settled": _("Settled")}
