"""Errors are sentences: raised once where the rule lives, shown in one place (``core.web``), with a code for machines.

Wrong state is 409, never 403; not visible is 404; bad input is 422 with the field named; a bug stays a 500.
"""

from typing import Any


class DomainError(Exception):
    """A refusal that a person can understand. ``code`` is stable; ``details`` go to machines beside the sentence."""

    status = 400
    code = "refused"

    def __init__(self, sentence: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or self.code
        self.details = details


class NotFound(DomainError):
    """It does not exist, or this person may not know that it does."""

    status = 404
    code = "not-found"


class Forbidden(DomainError):
    """It is visible, but this act is not this person's."""

    status = 403
    code = "forbidden"


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""

    status = 401
    code = "unauthenticated"


class Conflict(DomainError):
    """The thing is in another state than the act needs, or has moved since it was seen."""

    status = 409
    code = "conflict"


class IllegalMove(Conflict):
    """The transition table has no row for this verb in this state."""

    code = "illegal-move"


class Stale(Conflict):
    """``If-Match`` named a version that is no longer current; nothing was overwritten."""

    status = 412
    code = "stale"


class Throttled(DomainError):
    """Too many attempts; ``retry_after`` is in seconds."""

    status = 429
    code = "throttled"


class Unavailable(DomainError):
    """A part outside that was asked – a store, a provider – is away; trying again later is right.

    Not 503, which says that this very machine cannot serve: a proxy then asks another one, and after a few leaves this
    one alone for a while. Here every machine would say the same.
    """

    status = 504
    code = "unavailable"


class DiskFull(DomainError):
    """There is no room on the disk; nothing was changed."""

    status = 507
    code = "disk-full"


class Invalid(DomainError):
    """Input that cannot be taken. ``errors`` maps each field to its sentence; nothing was changed."""

    status = 422
    code = "invalid"

    def __init__(self, errors: dict[str, str], sentence: str | None = None, *, code: str | None = None) -> None:
        super().__init__(sentence or next(iter(errors.values()), ""), code=code)
        self.errors = errors
