"""Pages of the second step: at sign-in, in one's own profile, and for the administrator. On the package's blueprint."""

from typing import Any

from flask import flash, render_template, request, url_for

from accounts import access, identity, queries, second_step, signin, totp
from accounts.access import Access
from accounts.forms import AccessForm, CodeForm, FactorForm, FirstCodeForm, Form
from accounts.models import User
from accounts.permissions import P
from accounts.rules import Role, Way
from accounts.views import Answer, bp, refused_login, to, wait_of
from core.db import reading, session, writing
from core.errors import DomainError, Invalid, NotFound, Throttled, Unauthenticated
from core.i18n import _
from core.permissions import EVERYONE, SIGNED_IN
from core.web import actor, gate, local_path, maybe_actor

WRONG = (Unauthenticated, Throttled)


NOT_DRAWN: dict[str, Any] = {"picture": None, "letters": ""}


def _drawn(user: User) -> dict[str, Any]:
    """A new secret to hand over, as a picture and as letters in groups. It is shown this once."""
    secret = second_step.offer(user.id, identity.shown_anew())
    letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"picture": totp.picture(totp.address(secret, user.username)), "letters": letters}


# ── at sign-in ───────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/login/second")
@gate(EVERYONE)
def second() -> Answer:
    """The second step of whoever gave the right password; for nobody else."""
    target = request.args.get("next")
    if maybe_actor() is not None:
        return to(target)
    try:
        return _second_page(None)
    except Unauthenticated:
        return to(url_for("accounts.login", next=local_path(target)))


def _second_page(form: Form | None) -> str:
    user = second_step.half(identity.held() or "").user
    fresh = second_step.factor_of(user.id) is None
    drawn = _drawn(user) if fresh and form is None else NOT_DRAWN
    form = form or (FirstCodeForm if fresh else CodeForm)(formdata=None)
    return render_template("accounts/second.html", form=form, user=user, fresh=fresh, **drawn)


@bp.post("/login/second")
@gate(EVERYONE, transaction=False)
def take_second() -> Answer:
    """In, with the right code. Whoever set their app up just now gets their recovery codes first."""
    target, form = request.args.get("next"), CodeForm()
    try:
        form.must_be_filled()
        token = identity.held() or ""
        who = {"address": request.remote_addr, "agent": request.user_agent.string}
        found = signin.second(token, form.code.data or "", identity.showing(), **who)
    except Invalid:
        return _second_again(form, 422)
    except WRONG as refused:
        return _second_again(form, refused.status, refused)
    identity.begin(found.token, found.user, found.entry)
    if found.codes is None:
        return to(target)
    with reading():
        return _codes_page(found.codes, local_path(target) or "/")


def _second_again(form: Form, status: int, refused: DomainError | None = None) -> Answer:
    if refused is not None:
        form.form_errors.append(refused.sentence)
    with reading():
        try:
            return _second_page(form), status, wait_of(refused) if refused else {}
        except Unauthenticated as over:
            gone = over
    return refused_login(gone)


def _codes_page(codes: list[str], onward: str) -> str:
    return render_template("accounts/codes.html", codes=codes, onward=onward)


# ── one's own ────────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/profile/second-step")
@gate(SIGNED_IN)
def factor() -> Answer:
    """What is set up, or how to."""
    return _factor_page()


def _factor_page(*, draw: bool = False, begun: bool = False, **forms: Form) -> str:
    user = session.get_one(User, actor().id)
    about = {
        "user": user,
        "factor": second_step.factor_of(user.id),
        "left": second_step.codes_left(user.id),
        "needed": access.now().owed_by(user.roles, Way.PASSWORD),
        "first_form": (FactorForm if user.password_hash else FirstCodeForm)(formdata=None),
        "code_form": CodeForm(formdata=None),
        "begun": begun,
        **(_drawn(user) if draw else NOT_DRAWN),
    }
    return render_template("accounts/factor.html", **{**about, **forms})


@bp.post("/profile/second-step/begin")
@gate(SIGNED_IN)
def begin_factor() -> Answer:
    """A secret to hand to one's app, in this answer and no other; it counts from its first code on."""
    second_step.must_be_missing(actor().id)
    return _factor_page(draw=True)


@bp.post("/profile/second-step")
@gate(SIGNED_IN, transaction=False)
def confirm_factor() -> Answer:
    """Set up, with the password and the app's first code. Every other sign-in of the person ends."""
    who = actor()
    with reading():
        has_password = session.get_one(User, who.id).password_hash is not None
    form: Any = FactorForm() if has_password else FirstCodeForm()
    try:
        form.must_be_filled()
        if has_password:
            _know_password(who.id, form.password.data or "")
        second_step.count(who.id, request.remote_addr)
        with writing():
            user = session.get_one(User, who.id)
            codes = _confirmed(user, form.code.data or "")
            second_step.forgive(who.id, request.remote_addr)
        identity.shown_no_more()
    except Invalid as error:
        form.take(error)
        with reading():
            return _factor_page(begun=True, first_form=form), 422
    with reading():
        return _codes_page(codes, url_for("accounts.factor"))


def _know_password(user_id: int, typed: str) -> None:
    try:
        signin.confirm(user_id, typed, address=request.remote_addr)
    except Unauthenticated as error:
        raise Invalid({"password": _("This is not your present password.")}) from error


def _confirmed(user: User, typed: str) -> list[str]:
    try:
        return second_step.confirm(user, typed, identity.showing(), keep=identity.current_session_id())
    except Unauthenticated as error:
        raise Invalid({"code": error.sentence}) from error


@bp.post("/profile/second-step/<act>")
@gate(SIGNED_IN, transaction=False)
def change_factor(act: str) -> Answer:
    """``codes``: fresh recovery codes. ``remove``: no second step any more. Both with a code."""
    if act not in {"codes", "remove"}:
        raise NotFound(_("There is nothing here, or you may not see it."))
    form, who = CodeForm(), actor()
    try:
        form.must_be_filled()
        second_step.ask(who.id, form.code.data or "", request.remote_addr)
    except (Invalid, Unauthenticated) as error:
        if isinstance(error, Unauthenticated):
            form.take(Invalid({"code": error.sentence}))
        with reading():
            return _factor_page(code_form=form), 422
    with writing():
        if act == "codes":
            return _codes_page(second_step.new_codes(second_step.holder(who.id)), url_for("accounts.factor"))
        second_step.remove(who)
    flash(_("You sign in without a second step again."), "success")
    return to(url_for("accounts.factor"))


# ── for the administrator ────────────────────────────────────────────────────────────────────────────────────────────


@bp.post("/admin/people/<username>/second-step/reset")
@gate(P.MANAGE_PEOPLE)
def reset_factor(username: str) -> Answer:
    """A lost phone: the second step is taken away, and every sign-in ends."""
    user = session.scalar(queries.person(username))
    if user is None:
        raise NotFound(_("There is nobody called %(name)s.", name=username))
    second_step.reset(actor(), user)
    flash(_("The second step of %(name)s was taken away; their sign-ins have ended.", name=user.name), "success")
    return to(url_for("accounts.person", username=user.username))


@bp.get("/admin/access")
@gate(P.MANAGE_PEOPLE)
def access_rules() -> Answer:
    """What is asked of those who sign in."""
    held = access.now()
    form = AccessForm(
        formdata=None,
        data={
            "roles": sorted(held.second_roles),
            "after_sso": held.second_after_sso,
            "passwords": held.passwords,
            "keeper": str(held.break_glass_id or ""),
        },
    )
    return _access_page(form)


def _access_page(form: AccessForm) -> str:
    form.offer(session.scalars(access.keepers()))
    rows = session.execute(queries.second_steps()).all()
    return render_template(
        "accounts/access.html", form=form, about=access.settings(), rows=[(Role(role), n, of) for role, n, of in rows]
    )


@bp.post("/admin/access")
@gate(P.MANAGE_PEOPLE)
def save_access() -> Answer:
    """From now on this is asked; sign-ins that no longer suffice end."""
    form = AccessForm()
    form.offer(session.scalars(access.keepers()))
    keeper = form.keeper.data or ""
    try:
        form.must_be_filled()
        ended = access.save(
            actor(),
            Access(
                second_roles=frozenset(Role(role) for role in form.roles.data or ()),
                second_after_sso=bool(form.after_sso.data),
                passwords=bool(form.passwords.data) or not access.settings().oidc_issuer,
                break_glass_id=int(keeper) if keeper.isascii() and keeper.isdigit() and len(keeper) < 10 else None,
            ),
            tokens_end=bool(form.tokens_end.data),
        )
    except Invalid as error:
        form.take(error)
        return _access_page(form), 422
    said = _("Saved.")
    if ended:
        said = _("Saved. %(n)s sign-ins that no longer suffice have ended.", n=ended)
    flash(said, "success")
    return to(url_for("accounts.access_rules"))
