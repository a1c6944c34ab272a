"""A phone with an authenticator app, for tests."""

from typing import Any

import pyotp

from accounts import access, second_step
from accounts.access import Access
from accounts.models import User
from accounts.rules import Role
from core import clock
from core.db import session, writing


def code_now(secret: str) -> str:
    """What the app shows at the test's time."""
    return str(pyotp.TOTP(secret).at(int(clock.now().timestamp())))


def set_up(person: Any) -> tuple[str, list[str]]:
    """The person's second step is set up: its secret, and the recovery codes."""
    with writing():
        user = session.get_one(User, person.id)
        secret = second_step.offer(user.id, "a showing")
        return secret, second_step.confirm(user, code_now(secret), "a showing")


def asked_of(*roles: Role) -> None:
    """An administrator asks these roles for a second step."""
    with writing():
        access.save(None, Access(second_roles=frozenset(roles)))
