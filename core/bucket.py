"""A store in a bucket of an S3-compatible server: plain HTTP, each request signed (AWS Signature Version 4).

Path-style addresses, ``/bucket/prefix/room/key``: every such server knows them. Only the four requests are used that
all of them have: put, get, delete, list.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET

import urllib3

from core.addresses import FileStore
from core.errors import DiskFull, Unavailable
from core.i18n import _
from core.store import Blob, Item, Missing
from core.vault import KEY

PATIENCE = urllib3.Timeout(connect=5, read=30)
FULL = {507, 509}
LISTED = 1000


def signed(method: str, place: FileStore, path: str, query: Mapping[str, str], digest: str, now: datetime,
           extra: Mapping[str, str] | None = None) -> dict[str, str]:  # fmt: skip
    """The headers that make a request ours: RFC-like steps of AWS Signature Version 4 for the service ``s3``.

    ``digest`` is the SHA-256 of the body; ``path`` is written as it stands in the request.
    """
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    host = place.address.partition("://")[2]
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp, **(extra or {})}
    names = ";".join(sorted(headers))
    lines = [method, path, asked(query), *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, digest]
    scope = f"{day}/{place.region}/s3/aws4_request"
    told = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    key = b"AWS4" + place.secret.encode()
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    word = f"AWS4-HMAC-SHA256 Credential={place.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": word}


def asked(query: Mapping[str, str]) -> str:
    """A query as it is signed and sent: sorted, everything escaped."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


class Bucket:
    """One room of a bucket."""

    def __init__(self, place: FileStore, room: str) -> None:
        self.place = place
        self.prefix = "/".join(part for part in (place.prefix.strip("/"), room) if part) + "/"
        self._pool = urllib3.PoolManager(maxsize=16, timeout=PATIENCE, retries=False)

    def put(self, data: bytes, *, key: str = "") -> str:
        """See ``Store.put``: the server has acknowledged them when this returns."""
        key = key or secrets.token_hex(16)
        self._told(self._ask("PUT", self._path(key), body=data), {200, 201, 204})
        return key

    def open(self, key: str) -> Blob:
        """See ``Store.open``."""
        answer = self._ask("GET", self._path(key), stream=True)
        if answer.status != 200:
            self._told(answer, {404})
            raise Missing(key)
        return Blob(answer, int(answer.headers["Content-Length"]))

    def remove(self, key: str) -> None:
        """See ``Store.remove``."""
        self._told(self._ask("DELETE", self._path(key)), {200, 204, 404})

    def each(self) -> Iterator[Item]:
        """See ``Store.each``."""
        go_on: dict[str, str] = {}
        while True:
            query = {"list-type": "2", "prefix": self.prefix, "max-keys": str(LISTED), **go_on}
            answer = self._told(self._ask("GET", f"/{self.place.bucket}", query=query), {200})
            page = ET.fromstring(answer)  # noqa: S314 - our own server's; expat refuses entity bombs # nosec B314
            names = {"s3": found[0]} if (found := re.findall(r"^\{(.*)\}", page.tag)) else {}
            at = "s3:" if names else ""
            for row in page.findall(f"{at}Contents", names):
                key = (row.findtext(f"{at}Key", "", names)).removeprefix(self.prefix)
                when = datetime.fromisoformat(row.findtext(f"{at}LastModified", "", names))
                yield Item(key, int(row.findtext(f"{at}Size", "0", names)), when.timestamp())
            token = page.findtext(f"{at}NextContinuationToken", "", names)
            if not token:
                return
            go_on = {"continuation-token": token}

    def discard(self, item: Item) -> None:
        """See ``Store.discard``."""
        self.remove(item.key)

    def mark(self) -> str:
        """See ``Store.mark``."""
        return f"{self.place.bucket}/{self.prefix}"  # each machine may have its own name for the server

    def _path(self, key: str) -> str:
        if not KEY.fullmatch(key):
            raise ValueError("not a key of the store")
        return quote(f"/{self.place.bucket}/{self.prefix}{key}", safe="/-_.~")

    def _ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes = b"", stream: bool = False
    ) -> urllib3.BaseHTTPResponse:
        digest = hashlib.sha256(body).hexdigest()
        headers = signed(method, self.place, path, query or {}, digest, datetime.now(UTC))  # the servers' own clock
        url = self.place.address + path + (f"?{asked(query)}" if query else "")
        try:
            return self._pool.request(
                method, url, headers=headers, body=body or None, preload_content=not stream, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise _away() from error

    def _told(self, answer: urllib3.BaseHTTPResponse, good: set[int]) -> bytes:
        data = answer.data
        if answer.status in FULL:
            raise DiskFull(_("The disk is full. Nothing was changed; an administrator must make room."))
        if answer.status not in good:
            raise _away() from OSError(f"{self.place.address} said {answer.status}: {data[:300]!r}")
        return data


def _away() -> Unavailable:
    return Unavailable(_("The store of pictures and documents does not answer. Nothing was changed; try again soon."))
