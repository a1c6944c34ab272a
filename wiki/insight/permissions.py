"""Who may look at the whole centre."""

from core.permissions import Permission, grant, holds


class P(Permission):
    """Permissions of looking."""

    WATCH = "see the acts of the whole centre"


grant({P.WATCH: holds("manager")})
