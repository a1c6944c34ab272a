"""Pages of being away: one's own in the profile, that of others under 'Who is away'."""

from typing import Any

from flask import flash, render_template, request, url_for

from accounts import absence_showing, absences, queries
from accounts.forms import AbsenceForm
from accounts.models import Absence, User
from accounts.permissions import P
from accounts.views import Answer, bp, profile_page, to
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _, choose_zone
from core.permissions import SIGNED_IN, require
from core.web import actor, gate, maybe_actor


def _announce(form: AbsenceForm, user: User) -> Absence:
    """Raises ``Invalid``, with the sentences at the fields; an overlap is one above the form."""
    form.must_be_filled()
    starts_at, ends_at = form.times(choose_zone())
    try:
        row = absences.announce(
            actor(),
            user.id,
            starts_at,
            ends_at,
            form.deputy.data or None,
            reviews=bool(form.reviews.data),
            notices=bool(form.notices.data),
            note=form.note.data or "",
        )
    except Conflict as error:
        raise Invalid({"": error.sentence}) from error
    for said in absence_showing.warnings(row):
        flash(said, "warning")
    return row


@bp.post("/profile/absences")
@gate(SIGNED_IN)
def announce_own() -> Answer:
    """'I am away'."""
    user = session.get_one(User, actor().id)
    form = absence_showing.offered(AbsenceForm(), user)
    try:
        _announce(form, user)
    except Invalid as error:
        form.take(error)
        return profile_page(absence_form=form), 422
    flash(_("Your absence is noted. Press 'I am back' when you return early."), "success")
    return to(url_for("accounts.profile") + "#away")


@bp.post("/absences/<int:absence_id>/end")
@gate(SIGNED_IN)
def end_absence(absence_id: int) -> Answer:
    """'I am back', or 'never mind' before it begins."""
    row = absences.end_early(actor(), absence_id)
    begun = row.ended_at is not None and row.ended_at > row.starts_at
    if row.user_id == actor().id:
        flash(_("Welcome back.") if begun else _("The absence was cancelled."), "success")
    else:
        flash(_("%(name)s is back.", name=row.user.name) if begun else _("The absence was cancelled."), "success")
    return to(request.form.get("next") or url_for("accounts.profile") + "#away")


# ── others ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _somebody(username: str) -> User:
    found = session.scalar(queries.person(username))
    if found is None or not found.active:
        raise NotFound(_("There is nobody called %(name)s.", name=username))
    require(actor(), P.ANSWER_FOR, found)
    return found


def _who_is_away(user: User | None = None, form: AbsenceForm | None = None) -> str:
    rows = [absence_showing.row_of(row) for row in session.scalars(absences.known_to(actor()))]
    people = [] if user else [(one.username, one.name) for one in session.scalars(absences.answered_for(actor()))]
    return render_template(
        "accounts/away.html",
        now=[row for row in rows if row["state"] == "now"],
        planned=[row for row in rows if row["state"] == "planned"],
        people=people,
        user=user,
        form=form or (absence_showing.blank(user) if user else None),
        zone=choose_zone(),
    )


@bp.get("/people/away")
@gate(P.SEE_AWAY)
def who_is_away() -> Answer:
    """Who is away and who will be; with ``person`` the form for somebody."""
    username = request.args.get("person", "").strip()
    return _who_is_away(_somebody(username) if username else None)


@bp.post("/people/away")
@gate(P.SEE_AWAY)
def announce_other() -> Answer:
    """Somebody of one's team is away; a manager says so for anybody."""
    user = _somebody(request.form.get("person", ""))
    form = absence_showing.offered(AbsenceForm(), user)
    try:
        _announce(form, user)
    except Invalid as error:
        form.take(error)
        return _who_is_away(user, form), 422
    flash(_("The absence of %(name)s is noted.", name=user.name), "success")
    return to(url_for("accounts.who_is_away"))


def on_the_home_page(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The banners on top of the home page."""
    who = maybe_actor()
    return absence_showing.at_home(who) if who is not None else None
