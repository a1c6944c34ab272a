"""Must-read: what is asked, who has not confirmed, asking people, reminding them, the proof."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, make_response, redirect, render_template, request, url_for

from accounts.models import Tier, User
from core.db import session
from core.errors import Forbidden, Invalid, NotFound
from core.i18n import _, _n, local
from core.permissions import can, require
from core.tables import TYPES, Sheet, as_csv, as_xlsx, attachment
from core.web import actor, gate, maybe_actor
from wiki.articles.forms import reader_choices
from wiki.articles.lifecycle_views import as_time
from wiki.articles.models import Article
from wiki.articles.ops import readable_article
from wiki.articles.presenting import reader_words
from wiki.training import banner, chasing
from wiki.training.acknowledging import Ask, asked_about
from wiki.training.must_read_asking import ask, close, remind
from wiki.training.permissions import P
from wiki.training.views import bp


@bp.get("/training/must-read")
@gate(P.CHASE)
def must_reads() -> Any:
    """Everything that is to be confirmed, in figures; ``?form=csv`` or ``xlsx`` as a file."""
    rows = chasing.counts(actor())
    form = request.args.get("form", "")
    if form in TYPES:
        return file_of([_counts_sheet(rows)], form, "must-read")
    return render_template("training/must_reads.html", rows=[_row(one) for one in rows])


def _row(one: chasing.Count) -> dict[str, Any]:
    article = one.ask.article
    return {
        "title": article.title,
        "kind": article.kind,
        "url": url_for(".chase", slug=article.slug),
        "circle": circle_words(one.ask),
        "due_at": one.ask.due_at,
        "urgent": one.ask.urgent,
        "asked": one.asked,
        "confirmed": one.confirmed,
        "waiting": one.waiting,
    }


def circle_words(found: Ask) -> str:
    """Who is asked, in words."""
    return _(", ").join(reader_words(sorted(found.circle))) or _("all who may read it")


def _counts_sheet(rows: list[chasing.Count]) -> Sheet:
    head = [
        _("Text"),
        _("Who is asked"),
        _("Confirm by"),
        _("Urgent"),
        _("Asked"),
        _("Confirmed"),
        _("Not confirmed yet"),
    ]
    return Sheet(
        _("Must-read"),
        head,
        [
            [
                one.ask.article.title, circle_words(one.ask), local(one.ask.due_at), _("yes") if one.ask.urgent else "",
                one.asked, one.confirmed, one.waiting,
            ]
            for one in rows
        ],
    )  # fmt: skip


def file_of(sheets: list[Sheet], form: str, name: str) -> Response:
    """Tables as a file to take away."""
    answer = make_response(as_csv(sheets[0]) if form == "csv" else as_xlsx(sheets))
    answer.headers["Content-Type"] = TYPES[form]
    answer.headers["Content-Disposition"] = attachment(f"{name}.{form}")
    return answer


def _article(slug: str) -> Article:
    found = readable_article(actor(), slug)
    if not chasing.may_chase(actor(), found):
        raise Forbidden(_("Who has confirmed a text is for those who keep it, trainers, managers and supervisors."))
    return found


@bp.get("/training/must-read/<slug>")
@gate(P.LEARN)
def chase(slug: str) -> str:
    """Who has not confirmed a text, by team; and the form to ask people."""
    return _page(_article(slug), {}, {})


def _page(article: Article, typed: Any, errors: dict[str, str]) -> str:
    who = actor()
    found = asked_about(article)
    people = chasing.people_of(who, found) if found else []
    may_ask = can(who, P.ASK_TO_CONFIRM, article)
    return render_template(
        "training/must_read.html",
        article={"title": article.title, "slug": article.slug, "kind": article.kind, "version": article.version},
        ask=found,
        circle=circle_words(found) if found else "",
        teams=chasing.by_team(people),
        total={
            "asked": len(people),
            "confirmed": sum(1 for one in people if one.confirmed_at),
            "late": sum(1 for one in people if one.late),
        },
        sees=chasing.team_seen(who, article) != -1,
        may_remind=can(who, P.CHASE),
        may_ask=may_ask,
        choices=_choices() if may_ask else [],
        typed=typed,
        errors=errors,
    )


@bp.post("/training/must-read/<slug>")
@gate(P.LEARN)
def ask_people(slug: str) -> Any:
    """Ask people to confirm the text, or stop asking."""
    who, article = actor(), readable_article(actor(), slug)
    require(who, P.ASK_TO_CONFIRM, article)
    if "stop" in request.form:
        close(who, article)
        flash(_("Nobody is asked about this text any more. What was confirmed stays."), "success")
        return redirect(url_for(".chase", slug=slug), 303)
    try:
        circle = [*request.form.getlist("circle"), *_people(request.form.get("people", "")[:2000])]
        due = _time(request.form.get("due_at", ""))
        row = ask(
            who, article, due_at=due, circle=circle, urgent="urgent" in request.form
        )  # fmt: skip
    except Invalid as error:
        return _page(article, request.form, error.errors), 422
    flash(_("They are told now, and find it on their home until it is confirmed."), "success")
    return redirect(url_for(".chase", slug=row.article.slug), 303)


def _choices() -> list[tuple[str, str]]:
    """Roles, teams and tiers to tick; people are named."""
    tiers = session.scalars(sa.select(Tier).order_by(Tier.position, Tier.id))
    return [*reader_choices([]), *((f"tier:{one.id}", one.name) for one in tiers)]


def _people(text: str) -> list[str]:
    names = list(dict.fromkeys(text.replace("，", ",").replace("、", ",").replace(",", " ").split()))
    known = dict(iter(session.execute(sa.select(User.username, User.id).where(User.username.in_(names), User.active))))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid({"people": _("Nobody is called %(names)s.", names=_(", ").join(unknown[:5]))})
    return [f"user:{known[name]}" for name in names]


def _time(text: str) -> datetime:
    found = as_time(text, "due_at")
    if found is None:
        raise Invalid({"due_at": _("Please say by when.")})
    return found


@bp.post("/training/must-read/<slug>/remind")
@gate(P.CHASE)
def remind_people(slug: str) -> Any:
    """Remind everybody (of one team) who has not confirmed, each once a day."""
    who, article = actor(), _article(slug)
    if chasing.team_seen(who, article) == -1:
        raise Forbidden(_("Only who sees who has not confirmed can remind them."))
    found = asked_about(article)
    if found is None:
        raise NotFound(_("Nobody is asked to confirm this text."))
    team = request.form.get("team")
    people = [
        one.actor.id
        for one in chasing.people_of(who, found)
        if one.confirmed_at is None and team in (None, one.actor.team_slug or "")
    ]
    count = remind(who, found, people)
    if count:
        flash(_n("%(num)s person is reminded.", "%(num)s people are reminded.", count), "success")
    else:
        flash(_("All of them were reminded today already."), "warning")
    return redirect(url_for(".chase", slug=slug), 303)


@bp.get("/training/must-read/<slug>/proof")
@gate(P.LEARN)
def proof(slug: str) -> Any:
    """Who confirmed which revision when, with the hash of its text; ``?form=csv`` or ``xlsx`` as a file."""
    article = _article(slug)
    rows = chasing.proof(actor(), article)
    form = request.args.get("form", "")
    if form in TYPES:
        return file_of([_proof_sheet(article, rows)], form, f"proof-{slug}")
    about = {"title": article.title, "slug": slug, "version": article.version}
    return render_template("training/proof.html", article=about, rows=rows)


def _proof_sheet(article: Article, rows: list[chasing.Proof]) -> Sheet:
    head = [
        _("Text"), _("Full name"), _("Username"), _("Team"), _("Confirmed on"), _("Version"), _("Revision"),
        _("Hash of the text (SHA-256)"),
    ]  # fmt: skip
    cells = [
        [
            article.title, one.name, one.username, one.team, local(one.at) if one.at else _("not yet"), one.version,
            one.revision_id, one.digest,
        ]
        for one in rows
    ]  # fmt: skip
    return Sheet(_("Proof"), head, cells)


@bp.post("/training/must-read/<slug>/fold")
@gate(P.LEARN)
def fold_must_read(slug: str) -> Any:
    """The banner of this text is a thin line for an hour; asked for on the page of the text."""
    article = readable_article(actor(), slug)
    found = asked_about(article)
    if found is not None:
        banner.fold(found.key)
    return redirect(url_for("articles.show", slug=slug), 303)


def beside_article(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The way to the chase list, for those who may ask or chase."""
    row, who = context.get("row"), maybe_actor()
    if row is None or who is None or not can(who, P.ASK_TO_CONFIRM, row):
        return None
    return "training/_chase.html", {"chase_url": url_for("training.chase", slug=row.slug)}
