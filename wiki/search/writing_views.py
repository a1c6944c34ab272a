"""Writing tasks: what lies with me and my team, and one task with what may be done."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _, local
from core.permissions import can
from core.web import actor, blueprint, gate, paginate
from wiki.articles.permissions import P as Articles
from wiki.search import writing
from wiki.search.gap_models import WritingTask
from wiki.search.gap_views import whom
from wiki.search.permissions import P
from wiki.search.writing_rules import LIVE, MOVES, STATE_NAMES, Act, WritingState

bp = blueprint("writing", __name__)


@bp.get("/writing")
@gate(P.WRITE)
def index() -> str:
    """What this person may write, what all are asked for, what is done."""
    who = actor()
    tabs = {"waiting": _("For me"), **({"all": _("Everybody’s")} if can(who, P.SEE_GAPS) else {}), "closed": _("Done")}
    view = request.args.get("view", "waiting")
    view = view if view in tabs else "waiting"
    found = {"waiting": writing.waiting, "all": lambda _who: writing.live(), "closed": writing.closed}[view](who)
    page = paginate(found)
    return render_template(
        "gaps/tasks.html",
        tabs=[
            {"label": words, "url": url_for(".index", view=key), "active": key == view} for key, words in tabs.items()
        ],
        rows=[row_of(task, who) for task in page.items],
        page=page,
        view=view,
    )


def row_of(task: WritingTask, who: Actor) -> dict[str, Any]:
    """One task as pages show it."""
    person = task.taken_by or task.user
    live = task.state in LIVE
    return {
        "id": task.id,
        "url": url_for("writing.show", task_id=task.id),
        "question": task.question,
        "kind": task.kind,
        "wanted": task.wanted.value,
        "note": task.note,
        "with": person.name if person else task.team.name if task.team else "",
        "mine": task.taken_by_id == who.id,
        "asked_by": task.asked_by.name,
        "asked_at": task.asked_at,
        "due_on": task.due_on,
        "late": live and task.due_on < local(clock.now()).date(),
        "state": task.state.value,
        "state_word": STATE_NAMES[task.state],
        "answer": task.answer,
        "closed_at": task.closed_at,
        "may_write": live and can(who, P.WRITE, task),
    }


@bp.get("/writing/<int:task_id>")
@gate(P.SEE_WRITING)
def show(task_id: int) -> str:
    """One task, and what may be done."""
    return _page(task_id, {})


def _page(task_id: int, errors: dict[str, str]) -> str:
    who = actor()
    task = writing.find(task_id, who)
    steers = can(who, P.STEER_WRITING, task)
    article = task.submission.article if task.submission else None
    return render_template(
        "gaps/task.html",
        task=row_of(task, who),
        may={
            "write": can(who, P.WRITE, task),
            "give_back": (task.state, Act.GIVE_BACK) in MOVES and (task.taken_by_id == who.id or steers),
            "steer": steers and task.state in LIVE,
            "finish": task.state in LIVE and (steers or can(who, P.WRITE, task)),
            "reopen": steers and task.state is WritingState.DROPPED,
        },
        article={"title": article.title, "url": url_for("articles.show", slug=article.slug)}
        if article is not None and can(who, Articles.READ, article)
        else None,
        whom=whom(who) if steers else [],
        errors=errors,
        typed=request.form,
    )


@bp.post("/writing/<int:task_id>")
@gate(P.SEE_WRITING)
def move(task_id: int) -> Any:
    """Take it, give it back, hand it over, say that it is answered, drop it, open it again."""
    who, form = actor(), request.form
    task = writing.find(task_id, who, locked=True)
    try:
        match form.get("act"):
            case Act.TAKE:
                writing.take(task, who)
                return redirect(_editor(task, who), 303)
            case Act.GIVE_BACK:
                writing.give_back(task, who)
            case Act.HAND_OVER:
                writing.hand_over(task, who, form.get("whom", ""))
            case Act.FINISH:
                writing.finish(task, who, form.get("answer", ""))
            case Act.DROP:
                writing.drop(task, who, form.get("answer", ""))
            case Act.REOPEN:
                writing.reopen(task, who)
            case _:
                raise BadRequest
    except Invalid as error:
        return _page(task_id, error.errors), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".show", task_id=task_id), 303)


def _editor(task: WritingTask, who: Actor) -> str:
    """Where it is written: the draft that was begun, else the editor with the question filled in."""
    draft = writing.draft_of(task, who)
    if draft is not None:
        return url_for("submissions.edit", submission_id=draft.id)
    return url_for("submissions.new", kind=task.kind, title=task.question, key=writing.new_key(task))


def on_home(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """What lies with the reader, at the top of home and inbox; nothing where nothing does."""
    who = actor()
    rows = [row_of(task, who) for task in session.scalars(writing.waiting(who).limit(5))]
    return ("gaps/_panel.html", {"rows": rows, "total": writing.count_waiting(who)}) if rows else None
