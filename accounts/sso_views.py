"""Single sign-on: out to the identity provider, back from it, and leaving it. On the package's blueprint."""

import hmac
from typing import cast

from flask import Response, current_app, redirect, render_template, request
from flask import session as cookie

from accounts import oidc, sso, throttling
from accounts.access import settings
from accounts.identity import new_token
from accounts.views import Answer, bp, go_in, refused_login, to
from core import clock
from core.errors import NotFound, Throttled, Unauthenticated, Unavailable
from core.i18n import _
from core.permissions import EVERYONE
from core.web import gate, local_path, maybe_actor

HELD = "sso"  # in the cookie: which browser left, when, and where it was going


@bp.get("/login/sso")
@gate(EVERYONE, transaction=False)
def leave_for_sso() -> Answer:
    """Off to the provider's page. Nothing is written here; only the browser that left may come back."""
    target = request.args.get("next")
    if maybe_actor() is not None:
        return to(target)
    state = new_token()
    try:
        there = oidc.start(sso.provider(), state, current_app.config["SECRET_KEY"])
    except Unavailable as away:
        return refused_login(away)
    cookie[HELD] = [state, int(clock.now().timestamp()), local_path(target) or ""]
    return cast("Response", redirect(there, code=303))


@bp.get("/login/sso/back")
@gate(EVERYONE, transaction=False)
def back_from_sso() -> Answer:
    """In, when the browser that left comes back with a code that the provider knows."""
    provider = sso.provider()
    try:
        state, target = _held()
        if request.args.get("error"):
            raise oidc.refused(f"the provider says {request.args['error'][:60]!r}")
        if request.args.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
            raise oidc.refused("somebody else answers")
        sso.spend(state)
        code = request.args.get("code", "")
        claims = oidc.arrive(provider, code, state, current_app.config["SECRET_KEY"], clock.now())
        found = sso.enter(claims, address=request.remote_addr, agent=request.user_agent.string)
    except (Unauthenticated, Unavailable, Throttled) as refused:
        return refused_login(refused)
    return go_in(found, target)


def _held() -> tuple[str, str]:
    """The state this browser left with, and where it was going; it is taken out of the cookie.

    Raises:
        Unauthenticated: another browser left, or none, or too long ago: a link that somebody else made leads nowhere.
    """
    held = cookie.pop(HELD, None)
    given = request.args.get("state", "")
    if not isinstance(held, list) or len(held) != 3 or not hmac.compare_digest(str(held[0]).encode(), given.encode()):
        throttling.missed(HELD, request.remote_addr)
        raise oidc.refused("a state that this browser did not leave with")
    if clock.now().timestamp() - float(held[1]) > sso.AWAY_FOR.total_seconds():
        raise oidc.refused("the browser was away too long")
    return str(held[0]), str(held[2])


@bp.get("/login/left")
@gate(EVERYONE, transaction=False)
def left() -> Answer:
    """Signed out here; the provider still knows the browser, and this page says where to sign out of it, too."""
    about = settings()
    if not about.oidc_issuer:
        raise NotFound(_("There is no single sign-on here."))
    there = oidc.end_address(sso.provider(), f"{about.base_url}/login")
    return render_template("accounts/left.html", there=there, name=about.oidc_name)
