"""Pages of administration: people, teams, sites, tiers. Adds its views to the package's blueprint."""

from collections.abc import Callable
from typing import Any

from flask import flash, render_template, request, url_for

from accounts import absence_showing, ops, passwords, places, queries
from accounts.forms import ROLE_NAMES, Form, NewPersonForm, PersonForm, SiteForm, TeamForm, TierForm
from accounts.forms import places as place_choices
from accounts.models import Site, Team, Tier, User
from accounts.permissions import P
from accounts.rules import Role
from accounts.second_step import factor_of
from accounts.views import Answer, bp, to
from core.db import reading, session, writing
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.permissions import can
from core.web import actor, gate, maybe_actor, paginate


@bp.context_processor
def _rights() -> dict[str, Any]:
    return {"may_manage": can(maybe_actor(), P.MANAGE_PEOPLE)}


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _person(username: str) -> User:
    found = session.scalar(queries.person(username))
    if found is None:
        raise NotFound(_("There is nobody called %(name)s.", name=username))
    return found


@bp.get("/admin/people")
@gate(P.SEE_PEOPLE)
def people() -> Answer:
    """Everybody, searchable by name, team and role."""
    role = request.args.get("role", "")
    wanted = {"q": request.args.get("q", "").strip(), "team": request.args.get("team", ""), "role": role}
    found = queries.people(text=wanted["q"], team=wanted["team"], role=Role(role) if role in set(Role) else None)
    return render_template(
        "accounts/people.html",
        page=paginate(found, per=50, unique=True),
        wanted=wanted,
        team_options=[(team.slug, team.name) for team in session.scalars(queries.teams())],
        roles=ROLE_NAMES,
    )


def _offered(form: PersonForm) -> PersonForm:
    form.offer(session.scalars(queries.teams()), session.scalars(queries.tiers()))
    return form


@bp.get("/admin/people/new")
@gate(P.MANAGE_PEOPLE)
def new_person() -> Answer:
    """The form for somebody new."""
    return render_template("accounts/person.html", form=_offered(NewPersonForm(formdata=None)), user=None)


@bp.post("/admin/people/new")
@gate(P.MANAGE_PEOPLE, transaction=False)
def add_person() -> Answer:
    """Somebody new; a password is made for them and shown this once."""
    form = NewPersonForm()
    password = passwords.invented()
    hashed = passwords.hashed(password)
    try:
        with writing():
            _offered(form).must_be_filled()
            user = ops.add_user(
                actor(),
                username=form.username.data or "",
                name=form.name.data or "",
                roles=form.roles.data or (),
                team=form.team.data,
                tier=form.tier.data,
                email=form.email.data,
                password_hash=hashed,
            )
    except (Invalid, Conflict) as error:
        form.take(error if isinstance(error, Invalid) else Invalid({"username": error.sentence}))
        with reading():
            return render_template("accounts/person.html", form=_offered(form), user=None), 422
    with reading():
        return render_template("accounts/password.html", user=user, password=password)


@bp.get("/admin/people/<username>")
@gate(P.SEE_PEOPLE)
def person(username: str) -> Answer:
    """One person."""
    user = _person(username)
    form = PersonForm(
        formdata=None,
        data={
            "name": user.name,
            "email": user.email,
            "roles": sorted(user.roles),
            "team": user.team.slug if user.team else "",
            "tier": user.tier.slug if user.tier else "",
        },
    )
    return _one(_offered(form), user)


def _one(form: PersonForm, user: User) -> str:
    absences, factor = absence_showing.rows_of(user), factor_of(user.id)
    return render_template("accounts/person.html", form=form, user=user, absences=absences, factor=factor)


@bp.post("/admin/people/<username>")
@gate(P.MANAGE_PEOPLE)
def change_person(username: str) -> Answer:
    """Name, roles, team and tier."""
    user, form = _person(username), PersonForm()
    try:
        _offered(form).must_be_filled()
        ops.change_person(
            actor(),
            user,
            name=form.name.data or "",
            roles=form.roles.data or (),
            team=form.team.data,
            tier=form.tier.data,
            email=form.email.data,
        )
    except Invalid as error:
        form.take(error)
        return _one(form, user), 422
    flash(_("%(name)s was saved.", name=user.name), "success")
    return to(url_for("accounts.person", username=user.username))


@bp.post("/admin/people/<username>/disable")
@gate(P.MANAGE_PEOPLE)
def disable(username: str) -> Answer:
    """No more sign-in; undone by 'enable'."""
    user = _person(username)
    ops.disable(actor(), user)
    flash(_("%(name)s can no longer sign in. You can undo this here.", name=user.name), "success")
    return to(url_for("accounts.person", username=user.username))


@bp.post("/admin/people/<username>/enable")
@gate(P.MANAGE_PEOPLE)
def enable(username: str) -> Answer:
    """Sign-in again."""
    user = _person(username)
    ops.enable(actor(), user)
    flash(_("%(name)s may sign in again.", name=user.name), "success")
    return to(url_for("accounts.person", username=user.username))


@bp.post("/admin/people/<username>/password")
@gate(P.MANAGE_PEOPLE, transaction=False)
def new_password(username: str) -> Answer:
    """A password is made for them and shown this once; their sign-ins end."""
    password = passwords.invented()
    hashed = passwords.hashed(password)
    with writing():
        user = _person(username)
        ops.set_password(actor(), user, hashed)
    with reading():
        return render_template("accounts/password.html", user=user, password=password)


# ── teams, sites, tiers ──────────────────────────────────────────────────────────────────────────────────────────────

KINDS: dict[str, tuple[type[Form], type[Team] | type[Site] | type[Tier]]] = {
    "team": (TeamForm, Team),
    "site": (SiteForm, Site),
    "tier": (TierForm, Tier),
}


def _places(status: int = 200, **refused: Form) -> Answer:
    forms: dict[str, Any] = {kind: form(formdata=None) for kind, (form, _table) in KINDS.items()}
    forms.update(refused)
    sites = session.scalars(queries.sites()).all()
    forms["team"].site.choices = place_choices(sites)
    page = render_template(
        "accounts/places.html",
        forms=forms,
        sites=sites,
        teams=session.scalars(queries.teams()).all(),
        tiers=session.scalars(queries.tiers()).all(),
        counts={row[0]: row[1] for row in session.execute(queries.head_counts())},
    )
    return page, status


@bp.get("/admin/teams")
@gate(P.SEE_PEOPLE)
def teams() -> Answer:
    """Teams, sites and tiers."""
    return _places()


@bp.post("/admin/teams/<kind>")
@gate(P.MANAGE_PEOPLE)
def save_place(kind: str) -> Answer:
    """A new team, site or tier; with ``change=1`` one that is there."""
    if kind not in KINDS:
        raise NotFound(_("There is no such list."))
    make, table = KINDS[kind]
    form: Any = make()
    save: dict[str, Callable[[], object]] = {
        "team": lambda: places.save_team(actor(), form.slug.data, name=form.name.data, site=form.site.data or None),
        "site": lambda: places.save_site(actor(), form.slug.data, name=form.name.data, timezone=form.timezone.data),
        "tier": lambda: places.save_tier(actor(), form.slug.data, name=form.name.data, position=form.position.data),
    }
    try:
        if kind == "team":
            form.site.choices = []
        form.must_be_filled()
        if request.form.get("change") != "1":
            places.must_be_new(table, form.slug.data)
        save[kind]()
    except (Invalid, Conflict) as error:
        form.take(error if isinstance(error, Invalid) else Invalid({"slug": error.sentence}))
        return _places(422, **{kind: form})
    flash(_("%(name)s was saved.", name=form.name.data), "success")
    return to(url_for("accounts.teams"))
