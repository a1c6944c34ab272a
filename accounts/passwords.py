"""Passwords: argon2id, a bounded number at once, and the same work whether or not the account exists."""

import os
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable

import argon2

from accounts.rules import PASSWORD_MAX, PASSWORD_MIN
from core.errors import Invalid
from core.i18n import _

# OWASP's second choice: 19 MiB and two passes. The library's default is ten times slower and takes 64 MiB a login; a
# shift of a hundred people signs in within the same minute.
HASHER = argon2.PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
# Nobody's password: verified when there is no account, so that its absence cannot be timed.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$Z+g0hFBxTlXxD3lR/Nm5fQ$jlPjAXA3o91K95f6QdVg25A7gVH3cNCZjhwj9qytoNI"
GUESSES = 10**6  # more than anybody gets to make at the door, where waits grow
OURS = ("spiral", "zhishi", "luoxuan", "zhishiluoxuan", "callcenter", "10086", "10010", "10000")
_room = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


def normal(password: str) -> str:
    """The same password typed on two keyboards is the same password (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, field: str = "password", *, about: Iterable[str | None] = ()) -> None:
    """Refuse a password that is too short, absurdly long, or among the first million that are guessed.

    ``about``: what is known of the person – username, name, team – and so is guessed first.

    Raises:
        Invalid: naming the field.
    """
    if len(normal(password)) < PASSWORD_MIN:
        raise Invalid(
            {
                field: _(
                    "Use at least %(n)s characters; a short sentence is good.",
                    n=PASSWORD_MIN,
                )
            }
        )
    if len(password) > PASSWORD_MAX:
        raise Invalid({field: _("Use at most %(n)s characters.", n=PASSWORD_MAX)})
    from zxcvbn import zxcvbn  # its lists of words would lie in the memory of every process, and are seldom asked

    known = [*OURS, *(word for text in about if text for word in (text, *re.split(r"[\W_]+", text)) if word)]
    typed = normal(password)[:72]
    joined = re.sub(r"[^\w\s]|_", "", typed)  # marks between two words of the house hide them from its lists
    forms = (typed, joined) if len(joined) >= PASSWORD_MIN else (typed,)
    if min(zxcvbn(one, user_inputs=known)["guesses"] for one in forms) < GUESSES:
        raise Invalid({field: _("This is guessed soon: choose something less common; a short sentence is good.")})


def hashed(password: str) -> str:
    """The hash to keep; slow on purpose, so never call it inside a write transaction."""
    with _room:
        return HASHER.hash(normal(password))


def verify(kept: str | None, password: str) -> bool:
    """Is it the password? Takes as long when nothing is kept. Slow on purpose, as above."""
    attempt = normal(password[: PASSWORD_MAX + 1])
    with _room:
        try:
            HASHER.verify(kept or NOBODY, attempt)
        except (
            argon2.exceptions.VerificationError,
            argon2.exceptions.InvalidHashError,
        ):
            return False
    return kept is not None and len(password) <= PASSWORD_MAX


def outdated(kept: str) -> bool:
    """True when the hash was made with other parameters and should be made anew at this login."""
    return HASHER.check_needs_rehash(kept)


def invented() -> str:
    """A password to hand over: four groups of characters that are not mistaken for each other (98 bits)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _i in range(5)) for _j in range(4))
