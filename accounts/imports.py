"""Many people at once, from a file: ``username, name, roles, team, tier, email, locale, password``.

Roles are separated by commas, semicolons or blanks. Who is there already is updated; a bad row is named and spoils
nothing.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from accounts import ops, passwords, queries
from core.actors import Actor
from core.db import session, writing
from core.errors import DomainError, Invalid
from core.i18n import _
from core.tables import BadRow, Row

COLUMNS = ("username", "name", "roles", "team", "tier", "email", "locale", "password")
ALSO = {"role": "roles", "user": "username"}


@dataclass(slots=True)
class Report:
    """What became of the rows."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


def import_users(
    actor: Actor | None, rows: Iterable[Row | BadRow], *, advance: Callable[[int], None] = lambda _n: None
) -> Report:
    """Add and update people, a transaction for each row, so that hashing never holds the others up."""
    report = Report()
    for row in rows:
        if isinstance(row, BadRow):
            report.errors.append((row.line, row.sentence))
        else:
            _one(actor, row, report)
        advance(1)
    return report


def _one(actor: Actor | None, row: Row, report: Report) -> None:
    line, values = row
    about = {ALSO.get(name, name): value for name, value in values.items() if ALSO.get(name, name) in COLUMNS}
    try:
        password = str(about.pop("password", "") or "")
        if password:
            passwords.check_new(password, about=(about.get("username"), about.get("name"), about.get("team")))
        hashed = passwords.hashed(password) if password else None
        with writing():
            _save(actor, about, hashed, report)
    except Invalid as error:
        report.errors.append((line, " ".join(error.errors.values())))
    except DomainError as error:
        report.errors.append((line, error.sentence))


def _save(actor: Actor | None, about: dict[str, Any], hashed: str | None, report: Report) -> None:
    username = str(about.pop("username", "") or "")
    if not username:
        raise Invalid({"username": _("The username is missing.")})
    roles = _roles(about.pop("roles", None))
    about = {name: str(value) for name, value in about.items() if value not in (None, "")}
    user = session.scalar(queries.person(username))
    if user is None:
        ops.add_user(actor, username=username, roles=roles, password_hash=hashed, **about)
        report.added += 1
        return
    before = (user.name, user.roles, user.team_id, user.tier_id, user.email)
    ops.change_person(
        actor,
        user,
        name=about.get("name", user.name),
        roles=roles or user.roles,
        team=about.get("team", user.team.slug if user.team else None),
        tier=about.get("tier", user.tier.slug if user.tier else None),
        email=about.get("email", user.email),
    )
    if before == (user.name, user.roles, user.team_id, user.tier_id, user.email):
        report.unchanged += 1
    else:
        report.changed += 1


def _roles(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else re.split(r"[\s,;、,;]+", str(value or ""))
    return [str(part).strip().lower() for part in parts if str(part).strip()]
