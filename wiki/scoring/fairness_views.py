"""The report of what looks unfair: evidence first, then what a manager does about it."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from accounts.models import User
from core.db import session
from core.errors import NotFound
from core.i18n import _, _n
from core.web import actor, blueprint, gate, paginate
from wiki.articles.comparing import Look
from wiki.articles.content import of_revision
from wiki.articles.diff import changes
from wiki.articles.kinds import KINDS
from wiki.articles.models import Publication, Revision
from wiki.scoring import findings
from wiki.scoring.models import Finding, FindingKind, FindingState
from wiki.scoring.permissions import P

bp = blueprint("fairness", __name__, url_prefix="/insight/fairness")


@bp.get("")
@gate(P.JUDGE_FAIRNESS)
def index() -> str:
    """What was found; open ones first to be decided, decided ones on wish."""
    decided = request.args.get("show") == "decided"
    wanted = Finding.state != FindingState.OPEN if decided else Finding.state == FindingState.OPEN
    page = paginate(sa.select(Finding).where(wanted).order_by(Finding.strength.desc(), Finding.id.desc()), per=30)
    names = _names({who for one in page.items for who in one.people})
    last = session.scalar(sa.select(sa.func.max(Finding.seen_at)))
    return render_template(
        "scoring/fairness.html", page=page, names=names, decided=decided, last=last, rows=[(one, _said(one)) for one in page.items]
    )


def _said(finding: Finding) -> str:
    """A finding in one sentence."""
    if finding.kind is FindingKind.RING:
        return _(
            "They thanked each other for %(n)s texts; chance would give about %(expected)s.",
            n=finding.strength, expected=_expected(finding),
        )  # fmt: skip
    return _n("%(num)s text that says the same", "%(num)s texts that say the same", finding.strength)


def _expected(finding: Finding) -> str:
    whole = sum(float(tie["expected"]) + float(tie["expected_back"]) for tie in finding.evidence["ties"])
    return f"{whole:.0f}" if whole >= 1 else f"{whole:.1f}"


def _names(people: set[int]) -> dict[int, str]:
    return dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(people))).all())


@bp.post("/look")
@gate(P.JUDGE_FAIRNESS)
def look() -> Response:
    """Look again now."""
    fresh = findings.look()
    flash(_n("%(num)s new finding.", "%(num)s new findings.", fresh) if fresh else _("Nothing new."), "success")
    return redirect(url_for(".index"), 303)


def _find(finding_id: int) -> Finding:
    found = session.get(Finding, finding_id)
    if found is None:
        raise NotFound(_("There is no such finding."))
    return found


@bp.get("/<int:finding_id>")
@gate(P.JUDGE_FAIRNESS)
def show(finding_id: int) -> str:
    """One finding: who, how often, against what; the texts beside each other; what can be done."""
    found = _find(finding_id)
    numbers = found.evidence.get("submissions", [])
    return render_template(
        "scoring/finding.html",
        finding=found,
        said=_said(found),
        names=_names(set(found.people)),
        titles=findings.titles_of(numbers),
        acts=len(findings.acts_of(found)),
        worth=findings.worth(found),
        own=actor().id in found.people,
    )


@bp.get("/<int:finding_id>/texts")
@gate(P.JUDGE_FAIRNESS)
def texts(finding_id: int) -> str:
    """Two texts of a finding, passage by passage."""
    found = _find(finding_id)
    numbers = found.evidence.get("submissions", [])
    one, other = request.args.get("one", 0, type=int), request.args.get("other", 0, type=int)
    if one not in numbers or other not in numbers:
        raise NotFound(_("There is no such finding."))
    look = Look.of(request.args) if "look" in request.args else Look(side=True)
    old, new = _accepted(one), _accepted(other)
    changed, same = changes(KINDS[new.kind], of_revision(old), of_revision(new))
    listed: list[dict[str, Any]] = [
        {"name": one.name, "label": one.label, "shown": one.shown(look)} for one in changed
    ]
    return render_template(
        "scoring/texts.html", finding=found, old=old, new=new, changes=listed, unchanged=same, look=look
    )


def _accepted(submission_id: int) -> Revision:
    """The text that was accepted."""
    found = session.scalar(
        sa.select(Revision)
        .join(Publication, Publication.revision_id == Revision.id)
        .where(Publication.submission_id == submission_id)
        .order_by(Publication.id)
        .limit(1)
    )
    if found is None:
        raise NotFound(_("There is no such finding."))
    return found


@bp.post("/<int:finding_id>/dismiss")
@gate(P.JUDGE_FAIRNESS)
def dismiss(finding_id: int) -> Response:
    """There is a good explanation."""
    findings.dismiss(_find(finding_id), actor(), reason=request.form.get("reason", ""))
    flash(_("Dismissed. It comes back only if there is much more of it."), "success")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:finding_id>/withdraw")
@gate(P.JUDGE_FAIRNESS)
def withdraw(finding_id: int) -> Response:
    """The points are taken back."""
    taken = findings.withdraw(_find(finding_id), actor(), reason=request.form.get("reason", ""))
    flash(_n("Points of %(num)s act were taken back.", "Points of %(num)s acts were taken back.", taken), "success")
    return redirect(url_for(".show", finding_id=finding_id), 303)
