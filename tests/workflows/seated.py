"""What the tests of seats share."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import absences
from accounts.models import User
from accounts.people import actor_of
from core import clock as core_clock
from core.errors import Forbidden
from tests.make import Make
from workflows.definitions import Approvals, Definition, Seat, Stage


def judged_by(make: Make, *seats: Seat, on_change: Approvals = Approvals.VOIDED, then: str = "", **stage: Any) -> None:
    """FAQs pass one stage of these seats (and ``then`` a second one of this role)."""
    stages = [Stage(key="first", seats=seats, **stage)]
    if then:
        stages.append(Stage(key="last", seats=(Seat(key="last", role=then),)))
    make.pipeline(definition=Definition(stages=tuple(stages), on_change=on_change))


def goes_away(user: User, deputy: User | None, **more: Any) -> Any:
    now = core_clock.now()
    return absences.announce(
        actor_of(user), user.id, now, now + timedelta(days=3), deputy.username if deputy else None, **more
    )


def refusal(act: Any, kind: type[Any] = Forbidden) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code
