"""The library's client, but it goes straight: an answer that names another place is not followed there.

The library follows redirects as a browser would, and sends what somebody asked, or an article, once more to whichever
address the answer names. Only the server of the settings is to be told any of it (S26).
"""

from collections.abc import Callable
from typing import Any

from meilisearch import Client
from meilisearch._httprequests import HttpRequests
from meilisearch.index import Index
from meilisearch.models.task import TaskInfo
from requests import Session


class _Straight(HttpRequests):
    """One request, one answer. Raises `requests.TooManyRedirects` where the answer names another place."""

    def send_request(self, http_method: Callable[..., Any], path: str, *args: Any, **more: Any) -> Any:
        with Session() as once:  # a session for each request, as in the library
            once.max_redirects = 0
            return super().send_request(getattr(once, http_method.__name__), path, *args, **more)


class StraightClient(Client):
    """A client whose every request goes straight. Not to be shared between threads, as the library's is not."""

    def __init__(self, address: str, key: str | None, *, timeout: int) -> None:
        super().__init__(address, key, timeout=timeout)
        self.http: HttpRequests = _Straight(self.config)
        self.task_handler.http = self.http

    def index(self, uid: str) -> Index:
        """What is done with one index."""
        found = super().index(uid)
        found.http = self.http
        return found

    def new_index(self, uid: str, key: str) -> TaskInfo:
        """An index of this name, whose documents are told apart by the field `key`; the library's own way of making
        one makes itself a client that does not go straight."""
        return TaskInfo(**self.http.post(self.config.paths.index, {"uid": uid, "primaryKey": key}))
