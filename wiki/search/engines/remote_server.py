"""One Meilisearch server: a client for each thread, every failure a sentence, and a pause after it did not answer."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from meilisearch.errors import (
    MeilisearchApiError,
    MeilisearchCommunicationError,
    MeilisearchError,
    MeilisearchTimeoutError,
)
from requests import RequestException, TooManyRedirects

from wiki.search.engines.base import EngineRefused, EngineUnavailable, State
from wiki.search.engines.remote_client import StraightClient

ASKING = 2  # seconds a question may take: a reader waits
TELLING = 15  # seconds a batch may take to be handed over: the worker waits
TASKS = 50.0  # seconds a task may take, together with all before it, until it is asked for again
T = TypeVar("T")
Order = Callable[[StraightClient], Any]
PAUSE = 3.0  # seconds in which a server that did not answer is not asked by readers


class Server:
    """Speaks to one server. Safe to use from many threads."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._key = key
        self._clients = threading.local()
        self._guard = threading.Lock()
        self._pause_until = 0.0
        self._reason = ""

    def ask(self, question: Callable[[StraightClient], T]) -> T:
        """What a reader waits for. While the server is known not to answer, only one question at a time tries it."""
        with self._guard:
            now = time.monotonic()
            if self._reason and now < self._pause_until:
                raise EngineUnavailable(State.DOWN, self._reason)
            if self._reason:  # this one tries; the others go on without, until it knows
                self._pause_until = now + ASKING + PAUSE
        return self._call(question, ASKING)

    def tell(self, order: Callable[[StraightClient], T]) -> T:
        """What the worker waits for."""
        return self._call(order, TELLING)

    def done(self, orders: Iterable[Order]) -> None:
        """The tasks that these orders begin have all succeeded, one after the other (see `ended`)."""
        for order in orders:
            self.ended(self.begin(order))

    def begin(self, order: Order) -> int:
        """The number of the task that the order begins. The server has accepted it, no more."""
        return self.tell(lambda client: int(order(client).task_uid))

    def ended(self, number: int) -> None:
        """The task has succeeded.

        Raises:
            EngineRefused: it was accepted, and failed by what was in it.
            EngineUnavailable: it was accepted, and failed or did not end by the server's fault.
        """
        self.until(lambda: self._succeeded(number), f"task {number} has not ended")

    def until(self, there: Callable[[], bool], otherwise: str) -> None:
        """What is asked for has come true; EngineUnavailable, saying `otherwise`, where it takes too long."""
        end = time.monotonic() + TASKS
        pause = 0.004
        while not there():
            if time.monotonic() > end:
                raise EngineUnavailable(State.DOWN, otherwise)
            time.sleep(pause)
            pause = min(0.25, pause * 1.5)

    def _succeeded(self, number: int) -> bool:
        """Whether the task has ended well; False while it has not ended. See `ended` for what is raised."""
        task = self.tell(lambda client: client.get_task(number))
        if task.status not in {"failed", "canceled"}:
            return bool(task.status == "succeeded")
        error = task.error or {}
        said = f"task {number} ({task.type}) {task.status}: {error.get('message') or 'without a reason'}"
        if error.get("code") == "index_not_found":
            raise EngineUnavailable(State.MISSING, said)
        if error.get("type") == "invalid_request":
            raise EngineRefused(said)
        raise EngineUnavailable(State.DOWN, said)

    def _call(self, question: Callable[[StraightClient], T], patience: int) -> T:
        try:
            answer = question(self._client(patience))
        except MeilisearchApiError as error:
            raise self._refusal(error) from error
        except MeilisearchTimeoutError as error:
            raise self._silence(f"the search server did not answer within {patience} s") from error
        except MeilisearchCommunicationError as error:
            raise self._silence("the search server cannot be reached") from error
        except TooManyRedirects as error:
            raise self._silence(
                "the search server sends to another address, which the settings would have to name"
            ) from error
        except (MeilisearchError, RequestException) as error:
            raise self._silence("the search server broke off its answer") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._silence("the search server's answer cannot be understood") from error
        self._reason = ""
        return answer

    def _refusal(self, error: MeilisearchApiError) -> Exception:
        if error.code == "index_not_found":
            self._reason = ""
            return EngineUnavailable(State.MISSING, "there is no search index yet")
        if error.status_code in {401, 403}:
            return EngineUnavailable(State.DOWN, f"the search server refuses the key: {error.message}")
        if error.status_code in {400, 413, 415}:
            return EngineRefused(f"the search server refuses what it is told: {error.message}")
        return self._silence(f"the search server answers {error.status_code}")

    def _silence(self, reason: str) -> EngineUnavailable:
        with self._guard:
            self._reason, self._pause_until = reason, time.monotonic() + PAUSE
        return EngineUnavailable(State.DOWN, reason)

    def _client(self, patience: int) -> StraightClient:
        """A client of this thread: the library's clients change their headers with each call."""
        if not hasattr(self._clients, "by_patience"):
            self._clients.by_patience = {}
        known: dict[float, StraightClient] = self._clients.by_patience
        if patience not in known:
            known[patience] = StraightClient(self.address, self._key or None, timeout=patience)
        return known[patience]
