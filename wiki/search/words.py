"""The words that the manager keeps: written down here, and in force in every process within a second."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import audit, clock
from core.actors import Actor
from core.caches import Cache
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.permissions import require
from wiki.search.analysis.regions import GROUPS
from wiki.search.analysis.synonyms import Synonyms, squeezed
from wiki.search.permissions import P
from wiki.search.word_models import SearchWord
from wiki.search.word_rules import MOST_RULES, Rule, State, compiled, line_of, parse, same_word

NOTE = 200
KEPT = (State.ON, State.OFF, State.PROPOSED)
_now: Cache[Synonyms] = Cache(1, seconds=1.0, until_write=True)
_made: Cache[Synonyms] = Cache(2)


def current() -> Synonyms:
    """What is in force: one's own rules and the regional words. A change of this process holds at once, one of another
    process a second later."""
    found = _now.get("now")
    if found is None:
        stamp = tuple(session.execute(sa.select(sa.func.max(SearchWord.id), sa.func.sum(SearchWord.version))).one())
        found = _made.get(stamp)
        if found is None:
            found = compiled(rules(State.ON), GROUPS)
            _made.put(stamp, found)
        _now.put("now", found)
    return found


def rules(*states: State) -> list[Rule]:
    """The rules in these states, the oldest first."""
    found = sa.select(SearchWord.sort, SearchWord.said, SearchWord.meant).where(SearchWord.state.in_(states))
    rows = session.execute(found.order_by(SearchWord.id).limit(MOST_RULES))
    return [Rule(row.sort, tuple(row.said), tuple(row.meant)) for row in rows]


def kept(states: Sequence[State] = KEPT) -> sa.Select[SearchWord]:
    """The rules as the page lists them: what waits for a decision first, then the newest."""
    return (
        sa.select(SearchWord)
        .where(SearchWord.state.in_(states))
        .options(joinedload(SearchWord.created_by), joinedload(SearchWord.changed_by))
        .order_by(SearchWord.state != State.PROPOSED, SearchWord.changed_at.desc(), SearchWord.id.desc())
    )


def find(word_id: int, *, locked: bool = False) -> SearchWord:
    """One rule.

    Raises:
        NotFound.
    """
    row = lock(SearchWord, word_id) if locked else session.get(SearchWord, word_id)
    if row is None or row.state is State.REMOVED:
        raise NotFound(_("There is no such rule."))
    return row


def add(actor: Actor, line: str, note: str = "", *, state: State = State.ON) -> SearchWord:
    """A new rule; proposed by those who may look at gaps, put in force by the manager.

    Raises:
        Forbidden, Invalid; Conflict (``too-many``): there are ``MOST_RULES`` already.
    """
    require(actor, P.SEE_GAPS if state is State.PROPOSED else P.KEEP_WORDS)
    rule, note = parse(line), _note(note)
    _must_have_room(session.scalar(_counted()) or 0)
    _must_be_new(rule, _taken())
    return _kept(actor, rule, note, state)


def _kept(actor: Actor, rule: Rule, note: str, state: State) -> SearchWord:
    now = clock.now()
    row = SearchWord(
        sort=rule.sort,
        said=list(rule.said),
        meant=list(rule.meant),
        note=note,
        state=state,
        version=1,
        created_at=now,
        created_by_id=actor.id,
        changed_at=now,
        changed_by_id=actor.id,
    )
    session.add(row)
    session.flush()
    _record(actor, "propose_word" if state is State.PROPOSED else "add_word", row)
    return row


def change(row: SearchWord, actor: Actor, line: str, note: str) -> None:
    """The rule says something else from now on.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.KEEP_WORDS)
    rule, before = parse(line), line_of(row.said, row.meant)
    _must_be_new(rule, _taken(without=row.id))
    row.sort, row.said, row.meant, row.note = rule.sort, list(rule.said), list(rule.meant), _note(note)
    _changed(row, actor)
    _record(actor, "change_word", row, before=before)


def switch(row: SearchWord, actor: Actor, state: State) -> None:
    """On, off, or removed. Switching to what it is changes nothing.

    Raises:
        Forbidden.
    """
    require(actor, P.KEEP_WORDS)
    if row.state is state:
        return
    if state is State.ON:
        _must_be_new(Rule(row.sort, tuple(row.said), tuple(row.meant)), _taken(without=row.id))
    before, row.state = row.state, state
    _changed(row, actor)
    _record(actor, "switch_word", row, before=before.value)


def _changed(row: SearchWord, actor: Actor) -> None:
    row.version += 1
    row.changed_at, row.changed_by_id = clock.now(), actor.id
    session.flush()
    session.expire(row, ["changed_by"])
    _now.clear()


def _record(actor: Actor, verb: str, row: SearchWord, **more: str) -> None:
    details = {"rule": line_of(row.said, row.meant), "state": row.state.value, **more}
    audit.record(actor, verb, subject_kind="search_word", subject_id=row.id, note=row.note, details=details)


def _note(note: str) -> str:
    note = " ".join(note.split())
    if len(note) > NOTE:
        raise Invalid({"note": _("A note may have %(n)s characters at most.", n=NOTE)})
    return note


def _counted() -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(SearchWord).where(SearchWord.state != State.REMOVED)


def _must_have_room(count: int) -> None:
    if count >= MOST_RULES:
        raise Conflict(_("There are %(n)s rules already. Take some out first.", n=MOST_RULES), code="too-many")


def _taken(without: int | None = None) -> dict[str, int]:
    """The words that rules explain, as they are compared, and the number of the rule."""
    found = sa.select(SearchWord.id, SearchWord.said).where(SearchWord.state.in_((State.ON, State.PROPOSED)))
    return {squeezed(word): row.id for row in session.execute(found) if row.id != without for word in row.said}


def _must_be_new(rule: Rule, taken: Mapping[str, int]) -> None:
    clash = same_word(rule, taken)
    if clash is not None:
        word, number = clash
        raise Invalid(
            {"words": _("«%(word)s» stands in rule %(number)s already. Add your word there.", word=word, number=number)}
        )


def bring(actor: Actor, lines: Iterable[tuple[int, str, str]]) -> tuple[int, list[tuple[int, str]]]:
    """Rules from a file, (line number, rule, note) each: how many came in, and which lines did not, and why.

    Raises:
        Forbidden.
    """
    require(actor, P.KEEP_WORDS)
    known = {line_of(rule.said, rule.meant) for rule in rules(*KEPT)}
    there, taken = session.scalar(_counted()) or 0, _taken()
    count, refused = 0, list[tuple[int, str]]()
    for number, line, note in lines:
        try:
            rule = parse(line)
            if rule.line in known:
                continue  # the same file twice is once
            _must_have_room(there + count)
            _must_be_new(rule, taken)
            row = _kept(actor, rule, _note(note), State.ON)
        except Invalid as error:
            refused.append((number, " ".join(error.errors.values())))
        except Conflict as error:
            refused.append((number, error.sentence))
            break
        known.add(rule.line)
        taken |= {squeezed(word): row.id for word in rule.said}
        count += 1
    return count, refused
