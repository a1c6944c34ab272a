"""What a bearer token may be used for, beside what its owner may do: the words of ``token create --scope``.

A token without scopes carries all its owner's rights. One with scopes does only what they name: reading needs ``read``,
and a token that brings readings in every night needs ``kpi`` and nothing else.
"""

from collections.abc import Iterable

from core.actors import Actor
from core.errors import Forbidden, Invalid
from core.i18n import _

SCOPES = {
    "read": "everything its owner may read",
    "write": "propose, submit and withdraw texts, say what helped, take courses",
    "review": "claim, decide and hand over reviews",
    "teach": "build, publish and assign courses",
    "kpi": "bring readings in",
    "pipelines": "save and import pipelines",
    "calls": "say for others which texts they used in calls",
    "embed": "let people into the frame beside the customer's file",
}


def must_cover(actor: Actor | None, scope: str | None) -> None:
    """Refuse a token whose scopes do not name this one; ``None``: any token will do.

    Raises:
        Forbidden: code ``scope``.
    """
    if actor is not None and actor.scopes is not None and scope is not None and scope not in actor.scopes:
        raise Forbidden(_("This token may not do that: it lacks the scope “%(scope)s”.", scope=scope), code="scope")


def must_name(actor: Actor, scope: str) -> None:
    """Refuse whoever does not hold a token made for this expressly: nobody speaks for others by chance.

    Raises:
        Forbidden: code ``scope``.
    """
    if actor.scopes is None or scope not in actor.scopes:
        raise Forbidden(_("This takes a token with the scope “%(scope)s”.", scope=scope), code="scope")


def known(scopes: Iterable[str]) -> list[str]:
    """The scopes, sorted and each once.

    Raises:
        Invalid: one is not a scope.
    """
    found = sorted(set(scopes))
    for scope in found:
        if scope not in SCOPES:
            raise Invalid(
                {"scope": _("%(scope)s is not a scope; there are: %(known)s.", scope=scope, known=", ".join(SCOPES))}
            )
    return found
