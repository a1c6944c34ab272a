"""Scorecards, and the way down from their figures."""

from dataclasses import dataclass
from typing import Any, Self

from flask import Response, render_template, request, url_for

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import choose_zone
from core.permissions import can
from core.tables import TYPES, attachment
from core.web import actor, blueprint, gate
from wiki.kpi import appeals, changes, drawing, export, queries, record, showing
from wiki.kpi.cards import Document
from wiki.kpi.cards import card as card_of
from wiki.kpi.dealing_models import CardRestatement
from wiki.kpi.models import CardSnapshot, SubjectKind
from wiki.kpi.periods import Period, of_moment, parse
from wiki.kpi.permissions import LEADERS, P
from wiki.kpi.showing import Beside
from wiki.kpi.subjects import CENTRE, Subject, find, members, of_person, of_team

bp = blueprint("kpi", __name__)


def asked_period() -> Period:
    """The period of ``?period=``, this month by default.

    Raises:
        NotFound: it is no period.
    """
    text = request.args.get("period")
    if not text:
        return of_moment(clock.now(), choose_zone())
    try:
        return parse(text)
    except Invalid as error:
        raise NotFound(error.sentence) from None


@bp.get("/scorecard")
@gate(P.OPEN_CARDS)
def show() -> str:
    """One's own card."""
    return _page(find(actor().username, actor()))


@bp.get("/scorecard/centre")
@gate(P.SEE_CENTRE)
def show_centre() -> str:
    """The card of the centre."""
    return _page(CENTRE)


@bp.get("/scorecard/team/<slug>")
@gate(P.OPEN_CARDS)
def show_team(slug: str) -> str:
    """The card of a team."""
    return _page(find(f"team:{slug}", actor()))


@bp.get("/scorecard/<username>")
@gate(P.OPEN_CARDS)
def show_person(username: str) -> str:
    """The card of a person."""
    return _page(find(username, actor()))


def _page(subject: Subject) -> str:
    who, period = actor(), asked_period()
    sheet = Sheet.of(who, subject, period)
    record.opened(who, subject, str(period))
    return render_template("kpi/scorecard.html", **sheet.context(), **_around_it(who, subject, period))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A card and what stands beside it, read once for page, paper and workbook."""

    subject: Subject
    period: Period
    document: Document
    beside: Beside
    around_name: str
    closed: list[CardSnapshot]
    restatements: list[CardRestatement]

    @classmethod
    def of(cls, who: Actor, subject: Subject, period: Period) -> Self:
        """What this person may see of a card."""
        document = card_of(subject, period)
        corrected = appeals.restatements(subject.key, str(period)) if document["state"] == "closed" else []
        around = _around(who, subject)
        return cls(
            subject,
            period,
            document,
            Beside(
                before=_settled(subject, period.step(-1)),
                around=_settled(around, period) if around else None,
                around_subject=around,
                restated=corrected[0].document if corrected else None,
            ),
            showing.subject_name(around) if around else "",
            queries.closed_totals(subject.key, period.span),
            corrected,
        )

    def context(self) -> dict[str, Any]:
        """For the templates."""
        document, beside, period = self.document, self.beside, self.period
        before = beside.before or {}
        return {
            "card": {
                "subject": showing.subject_name(self.subject),
                "period": str(period),
                "period_label": showing.period_name(period),
                "state": document["state"],
                "total": document["total"],
                "restated": beside.restated["total"] if beside.restated else None,
                "change": showing.change(document["total"], before.get("total")),
                "around": beside.around["total"] if beside.around else None,
                "covered": showing.short(document["covered"]),
                "partial": document["covered"] != "100.00",
                "floor": showing.short(document.get("floor", "0")),
                "cap": showing.short(document.get("cap", "120")),
            },
            "around_name": self.around_name,
            "perspectives": showing.perspectives(self.subject, document, beside, period),
            "restatements": [
                {"row": row, "name": showing.indicator_name(row.code)} for row in self.restatements
            ],
            "quotas": drawing.quotas(document, period),
            "radar": drawing.radar(document, beside, self.around_name),
            "trend": drawing.trend(self.subject, self.closed, document),
            "moved": drawing.what_moved(self.subject, period, document, beside.before),
        }  # fmt: skip


def _settled(subject: Subject, period: Period) -> Document:
    """A card to compare with: the corrected one where there is one."""
    found = card_of(subject, period)
    corrected = appeals.restatement(subject.key, str(period)) if found["state"] == "closed" else None
    return corrected.document if corrected else found


def _around(who: Actor, subject: Subject) -> Subject | None:
    """With whom a card is compared, if this person may see it: a person with the team, a team with the centre."""
    if subject.kind is SubjectKind.PERSON:
        user = session.get(User, subject.id)
        team = user.team if user else None
        return of_team(team) if team is not None and can(who, P.SEE_TEAM, team) else None
    return CENTRE if subject.kind is SubjectKind.TEAM and can(who, P.SEE_CENTRE) else None


def _around_it(who: Actor, subject: Subject, period: Period) -> dict[str, Any]:
    """Links and what may be done."""
    begun = period.step(1).has_begun(clock.now(), choose_zone())
    steps = showing.steps(period, subject)
    rows = session.scalars(appeals.of_card(subject.key, str(period))).unique().all()
    return {
        "address": subject.address,
        "prev_url": steps["prev_url"],
        "next_url": steps["next_url"] if begun else None,
        "spans": showing.spans(period, subject),
        "subjects": _others(who, subject, period),
        "may_import": can(who, P.BRING_READINGS),
        "may_appeal": appeals.may_raise(who, subject, period),
        "appeal_until": appeals.until(period),
        "speaks": appeals.speaks_for(who, subject),
        "appeals": [
            {"row": row, "name": showing.indicator_name(row.code), "url": url_for("kpi.show_appeal", appeal_id=row.id)}
            for row in rows
            if row.raised_by_id == who.id or can(who, P.ANSWER)
        ],
    }


@bp.get("/scorecard/paper")
@gate(P.OPEN_CARDS)
def paper() -> str:
    """The card as a sheet of paper."""
    subject, period = _asked()
    sheet = Sheet.of(actor(), subject, period)
    back = showing.card_url(subject, period)
    record.opened(actor(), subject, str(period))
    return render_template("kpi/paper.html", **sheet.context(), back=back, printed_at=clock.now())


def _asked() -> tuple[Subject, Period]:
    return find(request.args.get("subject") or actor().username, actor()), asked_period()


@bp.get("/scorecard/workbook.xlsx")
@gate(P.OPEN_CARDS)
def workbook() -> Response:
    """The card as a workbook."""
    subject, period = _asked()
    sheet = Sheet.of(actor(), subject, period)
    record.opened(actor(), subject, str(period))
    data = export.workbook(subject, period, sheet.document, sheet.beside.restated, sheet.closed)
    name = f"scorecard-{subject.slug}-{period}.xlsx"
    return Response(data, content_type=TYPES["xlsx"], headers={"Content-Disposition": attachment(name)})


@bp.get("/scorecard/record")
@gate(P.OPEN_CARDS)
def history() -> str:
    """Who saw a card, and who changed what on it."""
    subject, period = _asked()
    return render_template(
        "kpi/record.html",
        subject=showing.subject_name(subject),
        card_url=showing.card_url(subject, period),
        period_label=showing.period_name(period),
        seen=record.seen_by(subject.key, str(period)),
        changes=changes.of_card(actor(), subject, period, card_of(subject, period)),
    )


def _others(who: Actor, subject: Subject, period: Period) -> list[tuple[str, str, bool]]:
    """(address, words, active) of the cards this person may open."""
    return [
        (showing.card_url(one, period), showing.subject_name(one), one.key == subject.key)
        for one in cards_of(who, subject)
    ]  # fmt: skip


def cards_of(who: Actor, subject: Subject) -> list[Subject]:
    """Whose cards this person may open; people only for those who lead some, of one team at a time."""
    found = [Subject(SubjectKind.PERSON, who.id, who.username, who.name)]
    found += [of_team(team) for team in session.scalars(queries.teams_seen_by(who))]
    if can(who, P.SEE_CENTRE):
        found.append(CENTRE)
    if who.holds("supervisor", *LEADERS):
        team = _team_of(subject) or who.team_id
        people = members([team] if team else [])
        seen = queries.people_seen_by(who).with_only_columns(User.id).order_by(None)
        found += [of_person(user) for user in session.scalars(people.where(User.id.in_(seen))) if user.id != who.id]
    if all(one.key != subject.key for one in found):
        found.append(subject)
    return found


def _team_of(subject: Subject) -> int | None:
    if subject.kind is SubjectKind.TEAM:
        return subject.id
    user = session.get(User, subject.id) if subject.kind is SubjectKind.PERSON else None
    return user.team_id if user else None
