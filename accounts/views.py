"""Sign-in, sign-out, language, profile, and the one-time set-up."""

from typing import Any, cast

from flask import Response, flash, redirect, render_template, request, url_for
from flask import session as cookie

from accounts import absence_showing, access, identity, ops, passwords, queries, second_step, signin, throttling
from accounts.agents import known_as
from accounts.forms import LoginForm, PasswordForm, ProfileForm, SetupForm, TokenForm
from accounts.models import User
from accounts.rules import Way
from accounts.second_step import Owed
from core.db import reading, session, writing
from core.errors import DomainError, Invalid, NotFound, Throttled, Unauthenticated, Unavailable
from core.i18n import _
from core.permissions import EVERYONE, SIGNED_IN
from core.settings import LOCALES
from core.web import actor, blueprint, gate, local_path, maybe_actor

bp = blueprint("accounts", __name__)
Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


def to(target: str | None) -> Response:
    """On to a page of ours, with GET."""
    return cast("Response", redirect(local_path(target) or "/", code=303))


# ── in and out ───────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.route("/login", methods=["GET", "POST"])
@gate(EVERYONE, transaction=False)
def login() -> Answer:
    """Sign in. The password is verified outside every write transaction; every refusal sounds the same."""
    target = request.args.get("next")
    if request.method == "GET" and maybe_actor() is not None:
        return to(target)
    form = LoginForm()
    if not form.is_submitted():
        reason = _("Please sign in first; you come back to where you were.") if local_path(target) else None
        return login_page(form, reason)
    if not form.validate():
        return login_page(form), 422
    try:
        found = signin.sign_in(
            form.username.data or "",
            form.password.data or "",
            address=request.remote_addr,
            agent=request.user_agent.string,
        )
    except (Unauthenticated, Throttled, Unavailable) as refused:
        return refused_login(refused, form)
    return go_in(found, target)


def login_page(form: LoginForm, reason: str | None = None) -> str:
    """The sign-in page, with the ways in that are open; ``next`` goes along."""
    with reading():
        passwords_open = access.now().passwords
    about = access.settings()
    sso = {"name": about.oidc_name or _("single sign-on")} if about.oidc_issuer else None
    target = local_path(request.args.get("next"))
    return render_template(
        "accounts/login.html", form=form, reason=reason, sso=sso, passwords_open=passwords_open, target=target
    )


def refused_login(refused: DomainError, form: LoginForm | None = None) -> Answer:
    """The sign-in page with the refusal above the form, and how long to wait."""
    form = form or LoginForm(formdata=None)
    form.form_errors.append(refused.sentence)
    return login_page(form), refused.status, wait_of(refused)


def wait_of(refused: DomainError) -> dict[str, str]:
    """The header that says how long to wait."""
    return {"Retry-After": str(refused.details["retry_after"])} if isinstance(refused, Throttled) else {}


def go_in(found: signin.Entered | Owed, target: str | None) -> Response:
    """On to where one was going, or first to the second step. What the cookie knew before is gone."""
    if isinstance(found, signin.Entered):
        identity.begin(found.token, found.user, found.entry)
        return to(target)
    identity.hold(found.token)
    return to(url_for("accounts.second", next=local_path(target)))


@bp.post("/logout")
@gate(EVERYONE)
def logout() -> Answer:
    """The sign-in ends on the server, for every copy of the cookie."""
    token, way = identity.current_token(), identity.current_way()
    if token is not None:
        ops.sign_out(token)
    identity.end()
    elsewhere = way is Way.SSO and access.settings().oidc_issuer
    return to(url_for("accounts.left" if elsewhere else "accounts.login"))


@bp.post("/language")
@gate(EVERYONE)
def language() -> Answer:
    """The reader's language, in this browser and, when signed in, in the profile."""
    chosen = request.form.get("locale", "")
    if chosen not in LOCALES:
        raise Invalid({"locale": _("This language is not offered.")})
    cookie["locale"] = chosen
    who = maybe_actor()
    if who is not None:
        ops.change_own(who, locale=chosen)
    return to(request.form.get("next"))


@bp.route("/setup/<token>", methods=["GET", "POST"])
@gate(EVERYONE, transaction=False)
def setup(token: str) -> Answer:
    """The first administrator of an empty installation."""
    try:
        with reading():
            ops.setup_link(token)
    except NotFound:
        throttling.missed("setup", request.remote_addr)
        raise
    form = SetupForm()
    if not form.is_submitted():
        return render_template("accounts/setup.html", form=form)
    try:
        form.must_be_filled()
        about = (form.username.data, form.name.data)
        new = _new_password(form.password.data or "", form.again.data or "", "password", *about)
        with writing():
            ops.use_setup_link(
                token,
                username=form.username.data or "",
                name=form.name.data or "",
                password_hash=new,
                locale=cookie.get("locale"),
            )
    except Invalid as error:
        form.take(error)
        return render_template("accounts/setup.html", form=form), 422
    flash(_("You are the administrator. Sign in, and add the others."), "success")
    return to(url_for("accounts.login"))


def _new_password(password: str, again: str, field: str, *about: str | None) -> str:
    passwords.check_new(password, field, about=about)
    if password != again:
        raise Invalid({"again": _("The two are not the same.")})
    return passwords.hashed(password)


def _known_of(user_id: int) -> list[str | None]:
    """What others know of a person whose password is kept here: what they would guess first."""
    with reading():
        user = session.get_one(User, user_id)
        if user.password_hash is None:
            raise Invalid({"password": _("Your password is kept in the directory; it is changed there.")})
        return [user.username, user.name, user.email, user.team.name if user.team else None]


# ── one's own profile ────────────────────────────────────────────────────────────────────────────────────────────────


def profile_page(**forms: Any) -> str:
    """One's own profile; ``forms`` are those that were refused and show why."""
    user = session.get_one(User, actor().id)
    about: dict[str, Any] = {
        "form": ProfileForm(formdata=None, data={"name": user.name, "locale": user.locale}),
        "password_form": PasswordForm(formdata=None),
        "token_form": TokenForm(formdata=None),
        "user": user,
        "sessions": session.scalars(queries.sessions_of(user.id)).all(),
        "known_as": known_as,
        "tokens": session.scalars(queries.tokens_of(user.id)).all(),
        "this_session": identity.current_session_id(),
        "factor": second_step.factor_of(user.id),
        "absence": absence_showing.section(user, forms.get("absence_form")),
    }
    return render_template("accounts/profile.html", **{**about, **forms})


@bp.get("/profile")
@gate(SIGNED_IN)
def profile() -> Answer:
    """Name, language, password, sign-ins and tokens."""
    return profile_page()


@bp.post("/profile")
@gate(SIGNED_IN)
def change_profile() -> Answer:
    """Name and language."""
    form = ProfileForm()
    try:
        form.must_be_filled()
        ops.change_own(actor(), name=form.name.data or "", locale=form.locale.data)
    except Invalid as error:
        form.take(error)
        return profile_page(form=form), 422
    cookie["locale"] = form.locale.data
    flash(_("Saved."), "success")
    return to(url_for("accounts.profile"))


@bp.post("/profile/password")
@gate(SIGNED_IN, transaction=False)
def change_password() -> Answer:
    """A new password ends every other sign-in."""
    form, who = PasswordForm(), actor()
    try:
        form.must_be_filled()
        try:
            signin.confirm(who.id, form.password.data or "", address=request.remote_addr)
        except Unauthenticated as error:
            raise Invalid({"password": _("This is not your present password.")}) from error
        known = _known_of(who.id)
        new = _new_password(form.new_password.data or "", form.again.data or "", "new_password", *known)
        with writing():
            ops.set_password(who, session.get_one(User, who.id), new, keep=identity.current_session_id())
    except Invalid as error:
        form.take(error)
        with reading():
            return profile_page(password_form=form), 422
    flash(_("Your password was changed. Every other sign-in of yours has ended."), "success")
    return to(url_for("accounts.profile"))


@bp.post("/profile/sessions/<int:session_id>/end")
@gate(SIGNED_IN)
def end_session(session_id: int) -> Answer:
    """End one of one's own sign-ins, wherever it is."""
    ops.end_session(actor(), session_id)
    flash(_("That sign-in has ended."), "success")
    return to(url_for("accounts.profile"))


@bp.post("/profile/tokens")
@gate(SIGNED_IN, transaction=False)
def make_token() -> Answer:
    """A token of one's own, shown on this page and never again. Who has a second factor shows it here once more."""
    form, who = TokenForm(), actor()
    try:
        form.must_be_filled()
        try:
            second_step.ask(who.id, form.code.data or "", request.remote_addr)
        except Unauthenticated as error:
            raise Invalid({"code": error.sentence}) from error
        with writing():
            made = ops.create_token(who, session.get_one(User, who.id), name=form.name.data or "")
    except Invalid as error:
        form.take(error)
        with reading():
            return profile_page(token_form=form), 422
    with reading():
        return profile_page(made=made)


@bp.post("/profile/tokens/<int:token_id>/revoke")
@gate(SIGNED_IN)
def revoke_token(token_id: int) -> Answer:
    """A token of one's own stops working."""
    ops.revoke_token(actor(), token_id)
    flash(_("The token works no more."), "success")
    return to(url_for("accounts.profile"))
