"""Who looks at the quality of the figures, and who acts on a miss."""

from typing import Any

from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, any_of, grant, holds
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.models import SubjectKind
from wiki.kpi.permissions import LEADERS


class P(Permission):
    """Permissions of the CUIKA board."""

    READ_CUIKA = "read the quality of figures"
    MAKE_ACTION = "make an action on a miss"
    SEE_ACTION = "see an action on a miss"
    CLOSE_ACTION = "say what came of an action"


def is_owner(actor: Actor, action: Any) -> bool:
    """Theirs to do."""
    return isinstance(action, KpiAction) and action.owner_id == actor.id


def leads_it(actor: Actor, action: Any) -> bool:
    """A supervisor, about the figures of the own team or the centre's."""
    if not isinstance(action, KpiAction) or not actor.holds(Role.SUPERVISOR):
        return False
    own = action.subject_kind is SubjectKind.TEAM and action.subject_id == actor.team_id
    return own or action.subject_kind is SubjectKind.CENTRE


grant(
    {
        P.READ_CUIKA: holds(Role.SUPERVISOR, *LEADERS),
        P.MAKE_ACTION: holds(*LEADERS),
        P.SEE_ACTION: any_of(is_owner, leads_it, holds(*LEADERS)),
        P.CLOSE_ACTION: any_of(is_owner, holds(*LEADERS)),
    }
)
