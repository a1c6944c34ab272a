"""Content health: one list of what needs somebody, worst first, and what can be done about it there."""

from typing import Any

import sqlalchemy as sa
from flask import Response, flash, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest

from core.charts import Series, line
from core.db import lock, session
from core.errors import DomainError, Invalid, NotFound
from core.i18n import _, _n
from core.permissions import can
from core.tables import TYPES, as_csv, as_xlsx
from core.web import Page, actor, blueprint, gate, maybe_actor, page_number
from wiki.articles import lifecycle, publishing
from wiki.articles.kinds import KINDS
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles
from wiki.articles.queries import by_slug
from wiki.feedback.permissions import P
from wiki.insight import health_queries, health_showing, health_sources
from wiki.insight.health_queries import Case, Wanted
from wiki.insight.health_rules import Reason

bp = blueprint("content_health", __name__)
PER_PAGE = 30


def wanted() -> Wanted:
    """What the address asks for; somebody who may not see the whole gets their own."""
    names = ("kind", "category", "owner", "team", "reason")
    mine = request.args.get("view") == "mine" or not can(actor(), P.SEE_HEALTH)
    return Wanted(mine=mine, **{name: request.args.get(name, "")[:200] for name in names})


@bp.get("/insight/health")
@gate(Articles.PROPOSE)
def show() -> Any:
    """Texts that need somebody, worst first; ``?form=csv`` or ``xlsx`` gives all of them as a file."""
    who, asked = actor(), wanted()
    cases = health_queries.sick(who, asked)
    form = request.args.get("form", "")
    if form in TYPES:
        return _file(cases, form)
    number = page_number()
    shown = cases[(number - 1) * PER_PAGE : number * PER_PAGE]
    return render_template(
        "insight/health.html",
        mine=asked.mine,
        whole=can(who, P.SEE_HEALTH),
        manager=can(who, Articles.MANAGE_ARTICLES),
        rows=health_showing.rows_of(shown),
        page=Page(shown, number, PER_PAGE, len(cases)),
        counts=_counts(asked, cases),
        chosen=asked,
        choices={**health_queries.choices(), "kind": [(kind.code, kind.label) for kind in KINDS.values()]},
        reckoned_at=min((case.row.reckoned_at for case in shown if case.row.reckoned_at), default=None),
    )


def _counts(asked: Wanted, cases: list[Case]) -> list[dict[str, Any]]:
    """How many texts each reason concerns, with the address that shows them."""
    found = health_queries.how_many(cases)
    return [
        {"code": reason.value, "label": health_showing.REASON_NAMES[reason], "count": found[reason]}
        for reason in Reason
        if found[reason] or asked.reason == reason
    ]


def _file(cases: list[Case], form: str) -> Response:
    sheet = health_showing.sheet_of(cases)
    answer = make_response(as_csv(sheet) if form == "csv" else as_xlsx([sheet]))
    answer.headers["Content-Type"] = TYPES[form]
    answer.headers["Content-Disposition"] = f'attachment; filename="health.{form}"'
    return answer


@bp.get("/insight/health/<slug>")
@gate(Articles.PROPOSE)
def article(slug: str) -> str:
    """How the score of one text adds up, and what it is made from."""
    cases = health_queries.examined(actor(), Wanted(slug=slug))
    if not cases:
        raise NotFound(_("There is no such article, or you may not see it."))
    case = cases[0]
    weeks = health_sources.opened_by_week(case.row.id)
    return render_template(
        "insight/health_article.html",
        row=health_showing.rows_of([case])[0],
        facts=case.facts,
        reckoned_at=case.row.reckoned_at,
        weeks=weeks,
        chart=_chart(weeks),
        opens=case.row.opens or 0,
        flags=health_sources.open_flags(actor(), case.row.id),
        broken=health_sources.broken_links(case.row.id),
        may={"flags": can(actor(), P.SEE_HEALTH)},
    )


def _chart(weeks: list[tuple[str, int]]) -> Any:
    if not any(count for _label, count in weeks):
        return None
    title = _("Opened each week")
    return line([Series(_("Opened"), [count for _l, count in weeks])], [label for label, _c in weeks], title=title)


# ── several at once ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.post("/insight/health")
@gate(P.SEE_HEALTH)
def act() -> Any:
    """Ask the keepers to look, give an owner, or retire – each text that was ticked; what cannot be done is told."""
    form = request.form
    what, slugs = form.get("act", ""), form.getlist("slug")[:PER_PAGE]
    if what not in {"look", "owner", "retire"}:
        raise BadRequest
    if not slugs:
        raise Invalid({"slug": _("Please tick at least one text.")})
    if what == "retire" and not form.get("note", "").strip():
        raise Invalid({"note": _("Please say why; it stands in the history.")})
    done, refused = 0, []
    for slug in dict.fromkeys(slugs):
        try:
            with session.begin_nested():
                _do(what, slug, form.get("owner", "").strip(), form.get("note", "").strip())
            done += 1
        except DomainError as error:
            refused.append(f"{slug}: {_sentence(error)}")
    if done:
        flash(_n("Done for %(num)s text.", "Done for %(num)s texts.", done), "success")
    for sentence in refused[:5]:
        flash(sentence, "warning")
    return redirect(request.full_path.rstrip("?"), 303)


def _sentence(error: DomainError) -> str:
    return next(iter(error.errors.values())) if isinstance(error, Invalid) else str(error)


def _do(what: str, slug: str, owner: str, note: str) -> None:
    who, found = actor(), by_slug(slug)
    if found is None or not can(who, Articles.READ, found):
        raise NotFound(_("There is no such article, or you may not see it."))
    lock(Article, found.id)
    if what == "look":
        lifecycle.ask_to_look(found, who, note=note)
    elif what == "retire":
        publishing.retire(found, who, reason=note[:500])
    elif not owner:
        raise Invalid({"owner": _("Please choose who is to keep it.")})
    else:
        lifecycle.keep(found, who, owner=owner, verify_months=found.verify_months, expires_at=found.expires_at)


def on_home(_context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """On the home of whoever keeps texts: those of theirs that need somebody."""
    who = maybe_actor()
    if who is None:
        return None
    keeps = session.scalar(sa.select(Article.id).where(health_queries.keeps(who)).limit(1))
    cases = health_queries.sick(who, Wanted(mine=True)) if keeps is not None else []
    return ("insight/_home.html", {"health": health_showing.beside_home(who, cases)}) if cases else None
