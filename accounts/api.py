"""``POST /tokens`` and ``GET /me``."""

from flask import request

from accounts import signin
from core.api import Api, In, Out
from core.permissions import EVERYONE, SIGNED_IN
from core.web import actor

api = Api("accounts")


class TokenIn(In):
    """Who asks for a token; ``totp`` is looked at for people who use a second factor."""

    username: str
    password: str
    totp: str | None = None


class TokenOut(Out):
    """The token, told this once."""

    token: str


class MeOut(Out):
    """Who the caller is."""

    id: str
    username: str
    name: str
    roles: list[str]
    team: str | None
    locale: str | None


@api.post("/tokens", gate=EVERYONE, body=TokenIn, answer=TokenOut, status=201, transaction=False)
def make_token(body: TokenIn) -> TokenOut:
    """Exchange a username and a password – and the code of an app, where one is set up – for a bearer token."""
    made = signin.make_token(body.username, body.password, address=request.remote_addr, code=body.totp)
    return TokenOut(token=made)


@api.get("/me", gate=SIGNED_IN, answer=MeOut)
def me() -> MeOut:
    """Who the token belongs to."""
    who = actor()
    return MeOut(
        id=str(who.id),
        username=who.username,
        name=who.name,
        roles=sorted(who.roles),
        team=who.team_slug,
        locale=who.locale,
    )
