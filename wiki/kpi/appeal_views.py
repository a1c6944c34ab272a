"""Appeals: raise one, read it, answer it, take it back."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.errors import Invalid
from core.i18n import _
from core.permissions import can
from core.web import actor, gate, paginate
from wiki.kpi import appeals, showing
from wiki.kpi.cards import Document
from wiki.kpi.cards import card as card_of
from wiki.kpi.dealing_models import CardAppeal, Outcome
from wiki.kpi.periods import Period, parse
from wiki.kpi.permissions import P
from wiki.kpi.subjects import Subject, find
from wiki.kpi.views import asked_period, bp


@bp.get("/scorecard/appeals", endpoint="appeals")
@gate(P.OPEN_CARDS)
def index() -> str:
    """One's own appeals; for managers all, those without an answer first."""
    page = paginate(appeals.listed(actor()), per=30, unique=True)
    return render_template(
        "kpi/appeals.html",
        page=page,
        rows=[_listed(row) for row in page.items],
        keeps=can(actor(), P.ANSWER),
        outcomes=outcome_names(),
    )


def outcome_names() -> dict[str, str]:
    """How an appeal ended, in words."""
    return {
        Outcome.UPHELD.value: _("upheld"),
        Outcome.DECLINED.value: _("declined"),
        Outcome.WITHDRAWN.value: _("taken back"),
    }


def _listed(row: CardAppeal) -> dict[str, Any]:
    subject, period = appeals.subject_of(row), parse(row.period)
    return {
        "row": row,
        "name": showing.indicator_name(row.code),
        "subject": showing.subject_name(subject),
        "period": showing.period_name(period),
        "url": url_for("kpi.show_appeal", appeal_id=row.id),
    }


@bp.get("/scorecard/appeal", endpoint="new_appeal")
@gate(P.APPEAL)
def begin() -> str:
    """The form: which figure, what is wrong with it."""
    subject = find(request.args.get("subject") or actor().username, actor())
    return _form(subject, asked_period(), request.args.get("code", ""), {}, {})


def _form(subject: Subject, period: Period, code: str, typed: dict[str, str], errors: dict[str, str]) -> str:
    rows = showing.lines(card_of(subject, period))
    return render_template(
        "kpi/appeal_form.html",
        address=subject.address,
        subject=showing.subject_name(subject),
        card_url=showing.card_url(subject, period),
        period=str(period),
        period_label=showing.period_name(period),
        choices=[(key, showing.indicator_name(key, line["label"])) for key, line in rows.items()],
        code=code,
        typed=typed,
        errors=errors,
        may=appeals.may_raise(actor(), subject, period),
        days=appeals.days(),
    )


@bp.post("/scorecard/appeals", endpoint="raise_appeal")
@gate(P.APPEAL)
def raise_() -> Any:
    """Record an appeal."""
    form = request.form
    subject, period = find(form.get("subject") or actor().username, actor()), parse(form.get("period", ""))
    try:
        made = appeals.appeal(actor(), subject, period, form.get("code", ""), form.get("text", ""))
    except Invalid as error:
        return _form(subject, period, form.get("code", ""), form.to_dict(), error.errors), 422
    flash(_("Your appeal is with the knowledge managers. You will hear from them."), "success")
    return redirect(url_for("kpi.show_appeal", appeal_id=made.id), 303)


@bp.get("/scorecard/appeals/<int:appeal_id>", endpoint="show_appeal")
@gate(P.OPEN_CARDS)
def show(appeal_id: int) -> str:
    """One appeal, the figure it is about, and its answer."""
    return _page(appeals.find(actor(), appeal_id), {}, {})


def _page(row: CardAppeal, typed: dict[str, str], errors: dict[str, str]) -> str:
    subject, period = appeals.subject_of(row), parse(row.period)
    line = appeals.line_in(card_of(subject, period), row.code)
    restated = row.answer.restatement if row.answer else None
    mine = actor().id == row.raised_by_id or (subject.kind == "person" and subject.id == actor().id)
    return render_template(
        "kpi/appeal.html",
        row=row,
        name=showing.indicator_name(row.code, line["label"] if line else ""),
        subject=showing.subject_name(subject),
        card_url=showing.card_url(subject, period),
        period_label=showing.period_name(period),
        line=line,
        parts_url=url_for("kpi.parts", code=row.code, subject=subject.address, period=row.period),
        restated=_restated(restated.document, row.code) if restated else None,
        outcomes=outcome_names(),
        remedy=appeals.remedy(row).value if row.answer is None else "",
        may_answer=row.answer is None and can(actor(), P.ANSWER) and not mine,
        may_withdraw=row.answer is None and row.raised_by_id == actor().id,
        typed=typed,
        errors=errors,
        with_unit=showing.with_unit,
    )


def _restated(document: Document, code: str) -> dict[str, Any]:
    return {"line": appeals.line_in(document, code), "total": document["total"]}


@bp.post("/scorecard/appeals/<int:appeal_id>/answer", endpoint="answer_appeal")
@gate(P.ANSWER)
def answer(appeal_id: int) -> Any:
    """Uphold or decline."""
    row, form = appeals.find(actor(), appeal_id), request.form
    verdict = appeals.Verdict(
        form.get("outcome") == "upheld", form.get("text", ""), form.get("numerator", ""), form.get("denominator", "")
    )
    try:
        appeals.answer(actor(), row, verdict)
    except Invalid as error:
        return _page(row, form.to_dict(), error.errors), 422
    flash(_("Answered; the person hears of it."), "success")
    return redirect(url_for("kpi.show_appeal", appeal_id=appeal_id), 303)


@bp.post("/scorecard/appeals/<int:appeal_id>/withdraw", endpoint="withdraw_appeal")
@gate(P.APPEAL)
def withdraw(appeal_id: int) -> Any:
    """Take one's appeal back."""
    appeals.withdraw(actor(), appeals.find(actor(), appeal_id))
    flash(_("Your appeal is taken back."), "success")
    return redirect(url_for("kpi.show_appeal", appeal_id=appeal_id), 303)
