"""The search engine on another machine: Meilisearch, spoken to through its own client.

Nothing is believed that was only accepted: every write waits for its task and looks at how it ended. An index carries
its version in its name, so a program finds an index that was made for it, or none; and it appears whole, or not at all:
it is filled under another name and then takes its own, in place of the one before.
"""

import fcntl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from core.addresses import search_server
from wiki.search.analysis.synonyms import Synonyms
from wiki.search.engines.base import (
    Document,
    EngineRefused,
    EngineUnavailable,
    Hit,
    Page,
    Query,
    Reload,
    State,
    Stats,
)
from wiki.search.engines.common import titles
from wiki.search.engines.remote_client import StraightClient
from wiki.search.engines.remote_fields import KEY, any_of, key_of, settings, stored, version
from wiki.search.engines.remote_reader import Reader
from wiki.search.engines.remote_server import Order, Server

BATCH = 500
LISTED = 1_000
AHEAD = 2  # batches that wait for the server while the next is analysed
NEXT = "-next-"
OUTLIVED = 86_400.0
ABANDONED = 120  # seconds after which an unfinished index that nobody here is filling counts as left behind


class Meilisearch:
    """An index of the server named by `url`. `lock` is a file that keeps two processes from rebuilding at once."""

    name = "meilisearch"

    def __init__(self, url: str, lock: Path) -> None:
        address, key, self._prefix = search_server(url)
        self._lock = lock
        self.uid = f"{self._prefix}-{version()}"
        self.server = Server(address, key)
        self._reader = Reader(self.server, self.uid)

    # -- writing

    def index(self, documents: Iterable[Document]) -> int:
        """See `Engine.index`; one task for all of them. A missing index is begun."""
        batch = [stored(document) for document in documents]
        self._begun()
        if batch:
            self.server.done([_adding(self.uid, batch)])
        self._reader.memory.forget()
        return len(batch)

    def delete(self, ids: Iterable[str]) -> None:
        """See `Engine.delete`; one task for all of them."""
        keys = [key_of(id_) for id_ in ids]
        self._begun()
        if keys:
            self.server.done([_removing(self.uid, keys)])
        self._reader.memory.forget()

    def clear(self) -> None:
        """See `Engine.clear`."""
        self.rebuild((), lambda ids: ())

    def rebuild(self, documents: Iterable[Document], again: Reload) -> int:
        """See `Engine.rebuild`. What others write meanwhile goes to the old index, and from there into the new."""
        with self._rebuilding():
            self.tidy()
            fresh = f"{self.uid}{NEXT}{time.time_ns()}"
            try:
                count = self._filled(fresh, documents)
                seen = self._sealed(self.uid)
                self._bring(fresh, _differing(self._sealed(fresh), seen) if seen is not None else [], again)
                self._named(fresh)
            except BaseException:
                self._dropped(fresh)
                raise
            if seen is not None:  # what was written since that look is in the index that has now the other name
                self._bring(self.uid, _differing(seen, self._sealed(fresh)), again)
            self._dropped(fresh)
        self._reader.memory.forget()
        return count

    def tidy(self) -> bool:
        """See `Engine.tidy`. Indexes of other versions go too when nobody has written to them for a day."""
        left = False
        for each in self.server.tell(_indexes):
            uid, age = str(each["uid"]), _age(str(each["updatedAt"]))
            unfinished = uid.startswith(self.uid + NEXT) and age > ABANDONED
            if unfinished or (self._of_another_version(uid) and age > OUTLIVED):
                self._dropped(uid)
                left |= unfinished
        return left

    def _of_another_version(self, uid: str) -> bool:
        prefix, _, rest = uid.rpartition("-")
        return prefix == self._prefix and len(rest) == len(version()) and uid != self.uid

    def _begun(self) -> None:
        if not self._exists(self.uid):
            self.clear()

    def _exists(self, uid: str) -> bool:
        return bool(self._made_at(uid))

    def _filled(self, uid: str, documents: Iterable[Document]) -> int:
        """An index of this name with these documents; batches are handed over while others are worked on."""
        self.server.done(
            [
                lambda client: client.new_index(uid, KEY),
                lambda client: client.index(uid).update_settings(settings()),
            ]
        )
        count = 0
        waiting: list[int] = []
        each = iter(documents)
        while batch := [stored(document) for document in islice(each, BATCH)]:
            count += len(batch)
            waiting.append(self.server.begin(_adding(uid, batch)))
            if len(waiting) > AHEAD:
                self.server.ended(waiting.pop(0))
        for number in waiting:
            self.server.ended(number)
        return count

    def _bring(self, uid: str, ids: list[str], again: Reload) -> None:
        """The index says of these what the database says."""
        for start in range(0, len(ids), BATCH):
            wanted = ids[start : start + BATCH]
            found = list(again(wanted))
            batch = [stored(document) for document in found]
            gone = [key_of(id_) for id_ in set(wanted) - {document.id for document in found}]
            if batch:
                self.server.done([_adding(uid, batch)])
            if gone:
                self.server.done([_removing(uid, gone)])

    def _named(self, fresh: str) -> None:
        """The fresh index has its own name from now on, at once; one that had it before has now the other."""
        rename = not self._exists(self.uid)
        pair: dict[str, Any] = {"indexes": [fresh, self.uid], **({"rename": True} if rename else {})}
        made = self._made_at(fresh)
        self.server.begin(lambda client: client.swap_indexes([pair]))
        # a key that is bound to some indexes may not look at the task of a swap: so its effect is looked at
        self.server.until(lambda: self._made_at(self.uid) == made, "the new search index did not take its place")

    def _made_at(self, uid: str) -> str:
        """When the index of this name was made; empty where there is none."""
        try:
            return self.server.tell(lambda client: str(client.get_raw_index(uid)["createdAt"]))
        except EngineUnavailable as error:
            if error.state is not State.MISSING:
                raise
            return ""

    def _dropped(self, uid: str) -> None:
        """No index has this name; what cannot be removed now is removed by the next `tidy`."""
        with suppress(EngineUnavailable, EngineRefused):
            if self._exists(uid):
                self.server.done([lambda client: client.delete_index(uid)])

    @contextmanager
    def _rebuilding(self) -> Iterator[None]:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EngineUnavailable(State.DOWN, "the search index is being rebuilt already") from None
            yield

    # -- reading

    def search(self, query: Query) -> Page:
        """See `Engine.search`. Without letters in the query: everything visible, newest first."""
        began = time.perf_counter()
        with _answering():
            found = self._reader.find(query) if query.text.strip() else self._reader.newest(query)
        took = (time.perf_counter() - began) * 1000
        return Page(tuple(found.hits), found.total, found.facets, took, self.name)

    def suggest(self, text: str, reader: frozenset[str], limit: int = 8, synonyms: Synonyms | None = None) -> list[Hit]:
        """See `Engine.suggest`."""
        asked = Query(text, reader, limit=2 * limit, synonyms=synonyms)
        with _answering():
            return titles(self._reader.find(asked, parts=("title",)).hits, limit)

    def stats(self) -> Stats:
        """See `Engine.stats`."""
        try:
            with _answering():
                found = self.server.ask(lambda client: client.index(self.uid).get_settings())
                documents = self.server.ask(lambda client: client.index(self.uid).get_stats().number_of_documents)
        except EngineUnavailable as error:
            return Stats(self.name, error.state, reason=error.reason)
        if differing := sorted(name for name, value in settings().items() if not _as_told(found.get(name), value)):
            reason = f"the settings of the search index were changed by others: {', '.join(differing)}"
            return Stats(self.name, State.OUTDATED, reason=reason)
        return Stats(self.name, State.READY, int(documents))

    def advice(self) -> str:
        """See `Engine.advice`: a key that may list keys may do anything, on every index of the server."""
        try:
            self.server.tell(lambda client: len(client.get_keys().results))
        except (EngineUnavailable, EngineRefused):
            return ""
        return "the key may do anything on that server; a narrower one: flask search key"

    def version(self) -> str:
        """See `Engine.version`; a key that reaches our indexes alone may not ask."""
        try:
            return self.server.ask(lambda client: str(client.get_version()["pkgVersion"]))
        except (EngineUnavailable, EngineRefused, KeyError):
            return ""

    def narrow_key(self) -> str:
        """A new key that reaches the indexes of this installation and nothing else; needs the master key."""
        wanted = {
            "name": f"Spiral {self._prefix}",
            "description": "Made by: flask search key",
            "actions": ["search", "documents.*", "indexes.*", "settings.*", "tasks.get", "stats.get"],
            "indexes": [f"{self._prefix}-*"],
            "expiresAt": None,
        }
        return self.server.tell(lambda client: str(client.create_key(wanted).key))

    def stamps(self) -> Iterator[tuple[str, str]]:
        """See `Engine.stamps`."""
        yield from self._listed(self.uid, "stamp")

    def drop(self) -> None:
        """The index is gone."""
        self._dropped(self.uid)
        self.close()

    def aside(self) -> "Meilisearch":
        """See `Engine.aside`: nothing of it is in this process."""
        return self

    def close(self) -> None:
        """See `Engine.close`."""
        self._reader.memory.forget()

    def _sealed(self, uid: str) -> dict[str, str] | None:
        """The seal of each document, by id; None where there is no such index."""
        return dict(self._listed(uid, "seal")) if self._exists(uid) else None

    def _listed(self, uid: str, name: str) -> Iterator[tuple[str, str]]:
        """(id, the field `name`) of every document."""
        start = 0
        while True:
            wanted = {"offset": start, "limit": LISTED, "fields": ["id", name]}
            rows, total = self.server.tell(partial(_rows, uid=uid, wanted=wanted, name=name))
            yield from rows
            start += LISTED
            if start >= total:
                return


def _indexes(client: StraightClient) -> list[dict[str, Any]]:
    found: Any = client.get_raw_indexes({"limit": LISTED})  # the library says that this is a list; it is not
    return list(found["results"])


def _rows(client: StraightClient, *, uid: str, wanted: dict[str, Any], name: str) -> tuple[list[tuple[str, str]], int]:
    found = client.index(uid).get_documents(dict(wanted))
    return [(str(getattr(row, "id")), str(getattr(row, name))) for row in found.results], int(found.total)  # noqa: B009


def _adding(uid: str, batch: list[dict[str, Any]]) -> Order:
    return lambda client: client.index(uid).add_documents(batch, KEY)


def _removing(uid: str, keys: list[str]) -> Order:
    return lambda client: client.index(uid).delete_documents(filter=any_of(KEY, keys))


def _as_told(found: Any, wanted: Any) -> bool:
    """Whether a setting is what was asked for; what was left open may be anything."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_as_told(found.get(name), value) for name, value in wanted.items())
    return bool(found == wanted)


def _differing(one: dict[str, str] | None, other: dict[str, str] | None) -> list[str]:
    """The ids whose documents are not the same in both, or only in one."""
    first, second = one or {}, other or {}
    return sorted(id_ for id_ in first.keys() | second.keys() if first.get(id_) != second.get(id_))


def _age(told: str) -> float:
    """Seconds since a time as the server writes it."""
    return time.time() - datetime.fromisoformat(told[:19]).replace(tzinfo=UTC).timestamp()


@contextmanager
def _answering() -> Iterator[None]:
    """A question that the server refuses is our mistake, and for the reader the same as no answer."""
    try:
        yield
    except EngineRefused as error:
        raise EngineUnavailable(State.DOWN, str(error)) from error
