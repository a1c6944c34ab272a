"""My points and what earned them."""

from typing import Any

from flask import render_template, request

from accounts.models import User
from accounts.queries import person
from core import clock
from core.actors import Actor
from core.db import session
from core.errors import NotFound
from core.i18n import _, choose_zone
from core.permissions import require
from core.web import actor, blueprint, gate, paginate
from wiki.scoring.naming import RULE_NAMES, UNIT_NAMES, person_choices, rows, rule_name
from wiki.scoring.permissions import P
from wiki.scoring.queries import Filter, by_rule, ledger, moment, people_seen_by, rules_in_force, sums
from wiki.scoring.rules import Unit

bp = blueprint("scoring", __name__)


def whose(username: str | None, who: Actor) -> User:
    """The person asked for, oneself by default.

    Raises:
        NotFound: there is nobody of this name. Forbidden: this is not theirs to see.
    """
    found = session.scalar(person(username or who.username))
    if found is None:
        raise NotFound(_("There is nobody called %(name)s.", name=username))
    require(who, P.SEE_LEDGER, found)
    return found


@bp.get("/ledger")
@gate(P.OPEN_LEDGER)
def show() -> str:
    """Entries of a person, with the sums of the whole filter and what earned them."""
    who = actor()
    user = whose(request.args.get("user"), who)
    months = request.args.getlist("period")
    wanted = Filter(
        user_id=user.id,
        since=moment(request.args.get("from"), "from"),
        before=moment(request.args.get("to"), "to", end=True),
        periods=[m for m in months if m][:12],
        unit=Unit(request.args["unit"]) if request.args.get("unit") in set(Unit) else None,
        events=[e for e in request.args.getlist("event") if e][:12],
    )
    page = paginate(ledger(wanted), per=50)
    return render_template(
        "scoring/ledger.html",
        user=user,
        own=user.id == who.id,
        page=page,
        rows=rows(who, page.items),
        sums=sums(wanted),
        by_rule=[(rule_name(rule), UNIT_NAMES[unit], n, total) for rule, unit, n, total in by_rule(wanted)],
        choices=person_choices(who, _others(who)),
        wanted=_form(),
        rules=[
            {"name": RULE_NAMES.get(rule.code, rule.code), "rule": rule, "unit": UNIT_NAMES[rule.unit]}
            for rule in session.scalars(rules_in_force(clock.today(choose_zone())))
        ],
    )


def _others(who: Actor) -> list[User]:
    if not who.holds("supervisor", "manager", "admin"):
        return []
    return list(session.scalars(people_seen_by(who).limit(1000)))


def _form() -> dict[str, Any]:
    names = ("user", "from", "to", "unit")
    return {**{name: request.args.get(name, "") for name in names}, "period": request.args.getlist("period")}
