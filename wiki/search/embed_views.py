"""The rep's screen in a frame beside the customer's file: the frame itself, what it fetches, and how people connect.

The frame is the same for everybody: it asks nobody who they are, and sets no cookie. What it fetches carries a pass
(``accounts.passes``) in the ``Authorization`` header, and cookies count for nothing there.
"""

from datetime import datetime, timedelta
from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from pydantic import Field

from accounts import passes, queries
from accounts.identity import current_session_id
from accounts.models import User
from accounts.permissions import P as People
from core import web
from core.api import Api, In, Out
from core.db import reading, session, writing
from core.errors import Invalid
from core.i18n import LOCALES, _, get_locale
from core.scopes import must_name
from core.settings import Settings
from core.web import EVERYONE, SIGNED_IN, actor, blueprint, csrf, framed_by, gate, maybe_actor
from wiki.articles.open_models import OpenSource
from wiki.articles.permissions import P
from wiki.search import finding
from wiki.search.models import Source

bp = blueprint("embed", __name__)
frame = blueprint("frame", __name__, url_prefix="/embed")
csrf.exempt(frame)  # no cookie counts there
web.UNIDENTIFIED.add("embed.show")
api = Api("embed")


@bp.get("/embed")
@gate(EVERYONE, transaction=False)
def show() -> ResponseReturnValue:
    """The frame. ``?service=…&q=…&call=…&lang=…``; its pass comes by another way (docs/embed.md)."""
    wanted = request.args.get("lang", "").replace("-", "_")
    origins = passes.allowed_origins()
    with force_locale(wanted if wanted in LOCALES else str(get_locale() or "en")):
        page = render_template("search/embed.html", origins=" ".join(origins))
    return framed_by(make_response(page), origins)


@frame.get("/typing")
@gate(P.PROPOSE)
def typing() -> str:
    """The first results, or what is at hand, as a piece of HTML."""
    return finding.typing(actor(), Source.EMBED)


@frame.get("/reading/<slug>")
@gate(P.PROPOSE)
def read(slug: str) -> str:
    """A text as a piece of HTML, to be read beside the results."""
    return finding.read(actor(), slug)


@frame.get("/services")
@gate(P.PROPOSE)
def narrowing() -> Any:
    """The services that a search can be narrowed to."""
    return finding.narrowing()


@frame.post("/marks/<slug>")
@gate(P.PROPOSE)
def mark(slug: str) -> Any:
    """Used in the call, taken back, did not help."""
    return finding.mark(actor(), slug)


@frame.post("/pins/<slug>")
@gate(P.PROPOSE)
def pin(slug: str) -> Any:
    """A text is pinned for oneself, or taken off."""
    return finding.pin(actor(), slug)


@frame.post("/opened")
@gate(P.PROPOSE, transaction=False)
def opened() -> Any:
    """A result was read in place."""
    with reading():
        finding.opened(actor(), OpenSource.EMBED)
    return "", 204


# ── connecting ───────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/connect")
@gate(EVERYONE)
def connect() -> ResponseReturnValue:
    """A window of its own, opened by the frame, in which cookies count: who is signed in here lets the frame in."""
    return _window("", None)


@bp.post("/connect")
@gate(SIGNED_IN, transaction=False)
def connected() -> ResponseReturnValue:
    """The pass, handed to the frame that opened the window, and to nobody else."""
    who = actor()
    with writing():  # of its own, as for ``let_in``
        token, until = passes.give(who, session.get_one(User, who.id), login_id=current_session_id())
        return _window(token, until)


def _window(token: str, until: datetime | None) -> ResponseReturnValue:
    answer = make_response(
        render_template(
            "search/connect.html", who=maybe_actor(), token=token, until=until, origins=passes.allowed_origins()
        )
    )
    answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"  # else it could not speak to the frame that opened it
    return answer


class PassIn(In):
    """Whom a program lets into the frame, and for how long."""

    username: str
    minutes: int = Field(480, ge=1, le=720)


class PassOut(Out):
    """The pass, told this once: for the frame's address behind ``#token=``, or a message to the frame."""

    token: str
    expires_at: datetime


@api.post(
    "/embed/tokens", gate=People.LET_IN, scope="embed", body=PassIn, answer=PassOut, status=201, transaction=False
)
def let_in(body: PassIn) -> PassOut:
    """Let a person into the frame: find, read and mark there, and nothing else"""
    must_name(actor(), "embed")
    with writing():  # of its own: the answer to a request with a key is kept in a table, and this one is a secret
        user = session.scalar(queries.person(body.username.strip().lower()))
        if user is None or not user.active:
            raise Invalid({"username": _("Nobody of this name works here.")})
        token, until = passes.give(actor(), user, lasts=timedelta(minutes=body.minutes))
    return PassOut(token=token, expires_at=until)


# ── administration ───────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/admin/embed")
@gate(People.LET_IN)
def settings() -> str:
    """Which programs may show the frame, what would keep them from it, and the line that they need."""
    chosen: Settings = current_app.config["SPIRAL"]
    base = chosen.base_url or request.host_url.rstrip("/")
    return render_template(
        "search/embed_settings.html",
        origins=[(one, troubles(one, base)) for one in chosen.frames],
        base=base,
        base_is_set=bool(chosen.base_url),
        in_force=passes.in_force(),
    )


@bp.post("/admin/embed/end")
@gate(People.LET_IN)
def end() -> Any:
    """Every pass ends."""
    passes.end_all(actor())
    flash(_("Every frame has to connect again."), "success")
    return redirect(url_for(".settings"), 303)


def troubles(origin: str, base: str) -> list[str]:
    """What would keep a page of this origin from showing the frame, in sentences."""
    found = []
    if origin.startswith("https://") and base.startswith("http://"):
        found.append(_("Its pages are https and Spiral is not: browsers show no such frame. Serve Spiral over https."))
    if origin.startswith("http://") and not origin.startswith(("http://localhost", "http://127.0.0.1")):
        found.append(_("It is plain http: whoever sits on the line can read along. Use https."))
    if origin == base:
        found.append(_("This is Spiral's own address; name the program's."))
    return found
