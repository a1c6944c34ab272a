"""How search is, for the doctor, the administrator's page and the numbers."""

from datetime import datetime

import sqlalchemy as sa

from core import clock
from core.db import reading, session
from core.health import LookError, UnwellError, check
from core.i18n import _, _l
from core.metrics import gauge
from core.outbox import OutboxJob, waiting
from wiki.search import service
from wiki.search.engines.base import State
from wiki.search.listeners import LOOK, REBUILD, TOPIC


@check("search", ready=False, title=_l("Search"), link="jobs.show")
def well() -> str:
    """The index can be asked, and nothing waits for it that it refused."""
    stats = service.engine().stats()
    number, error, since = _failing()
    with reading():
        expected = service.published()
    if stats.state is State.MISSING and not expected:
        return _("nothing is published yet")
    if stats.state is State.DOWN:
        raise UnwellError(
            _(
                "%(reason)s; the database answers meanwhile, and %(n)s promises wait for its return",
                reason=stats.reason,
                n=number,
            ),
            _("Start the search server again; what waits is brought over by itself."),
            since=since,
        )
    if stats.state is not State.READY:
        raise UnwellError(
            _("the search index cannot be used: %(reason)s", reason=stats.reason or stats.state.value),
            _("The worker makes it anew; or run: flask --app wsgi search reindex"),
        )
    if number:
        raise UnwellError(
            _("%(engine)s is there; %(n)s promises failed: %(error)s", engine=stats.engine, n=number, error=error),
            _("Mend what the error names. They are tried again by themselves, ten times, and then wait for you."),
            since=since,
        )
    said = _("%(engine)s, %(n)s articles", engine=f"{stats.engine} {service.engine().version()}", n=stats.documents)
    if service.engine().advice():
        todo = _("The key may do anything on the search server. Make a narrower one: flask --app wsgi search key")
        raise LookError(said, todo)
    return said


def _failing() -> tuple[int, str | None, datetime | None]:
    """How many promises to the index failed at least once, an error of theirs, and since when the oldest waits."""
    with reading() as s:
        asked = sa.select(sa.func.count(), sa.func.max(OutboxJob.error), sa.func.min(OutboxJob.created_at))
        mine = OutboxJob.topic.in_((TOPIC, REBUILD, LOOK)), OutboxJob.error.is_not(None)
        number, error, since = s.execute(asked.where(*mine)).one()
        return number, error, since


@check("search equal", ready=False, slow=True, title=_l("Search says what the articles say"))
def equal() -> str:
    """The index, article by article, beside the database."""
    if service.engine().stats().state is not State.READY:
        return _("the index cannot be compared now")
    found = service.verify()
    if not found:
        return _("the index and the database agree")
    missing, surplus, stale = map(len, found)
    said = _("%(a)s missing, %(b)s too many, %(c)s out of date", a=missing, b=surplus, c=stale)
    with reading():
        busy = waiting(TOPIC)
    if busy:
        raise LookError(said, _("The worker is at it; ask again in a minute."))
    raise UnwellError(said, _("Run: flask --app wsgi search reindex"))


@gauge("spiral_search_waiting", "Articles that the index has still to follow.")
def _waiting() -> list[tuple[dict[str, str], float]]:
    return [({}, waiting(TOPIC))]


@gauge("spiral_search_lag_seconds", "How long the index has been behind the database.")
def _lag() -> list[tuple[dict[str, str], float]]:
    first = session.scalar(sa.select(sa.func.min(OutboxJob.created_at)).filter_by(topic=TOPIC, parked_at=None))
    return [({}, max(0.0, (clock.now() - first).total_seconds()) if first else 0.0)]
