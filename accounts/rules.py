"""The roles of a contact centre (``docs/domain.md`` §1) and the pure rules of signing in."""

import re
from datetime import timedelta
from enum import StrEnum


class Role(StrEnum):
    """One person may hold several."""

    REP = "rep"
    BUSINESS = "business"
    QA = "qa"
    TRAINING = "training"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMIN = "admin"


class Way(StrEnum):
    """By which way somebody came in."""

    PASSWORD = "password"  # noqa: S105 - a word
    SSO = "sso"


REVIEWERS = (Role.BUSINESS, Role.QA, Role.TRAINING, Role.SUPERVISOR)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
PASSWORD_MIN = 10
PASSWORD_MAX = 1024
SESSION_IDLE = timedelta(hours=12)  # a shift and its handover
SESSION_ABSOLUTE = timedelta(days=7)
FREE_FAILURES = 5
HALF_LASTS = timedelta(minutes=10)  # between the password and the second step
RECOVERY_CODES = 10
LONGEST_WAIT = timedelta(minutes=15)


def wait_after(failures: int) -> timedelta:
    """How long an account or address waits after so many wrong passwords: free at first, then doubling to 15 minutes.

    A delay and never a lock: a stranger must not be able to shut somebody out.
    """
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES, 12)), LONGEST_WAIT)
