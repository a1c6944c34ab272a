"""A small S3-compatible server, in memory: it reckons every signature itself.

with Shelf() as shelf:            # shelf.url is for SPIRAL_FILES_URL
    shelf.things["spiral/files/…"]
    shelf.mode = "full"           # serves | full | away | cuts

It follows the server's side of AWS Signature Version 4 from the request as it came over the wire, and shares no line
with ``core/bucket.py``.
"""

import hashlib
import hmac
import socket
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET, REGION, BUCKET = "AKIATEST", "a/secret+of~tests", "eu-test-1", "knowledge"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shelf: "Shelf"

    def log_message(self, *_: Any) -> None:
        pass

    def _is_theirs(self, body: bytes) -> bool:
        """The request was signed with our secret, for this moment, as it stands."""
        word = self.headers.get("Authorization", "")
        if not word.startswith("AWS4-HMAC-SHA256 "):
            return False
        told = dict(part.strip().split("=", 1) for part in word.removeprefix("AWS4-HMAC-SHA256 ").split(","))
        who, day, region, service, end = told["Credential"].split("/")
        stamp = self.headers["X-Amz-Date"]
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if (who, region, service, end) != (KEY, REGION, "s3", "aws4_request") or stamp[:8] != day:
            return False
        if abs((datetime.now(UTC) - at).total_seconds()) > 900:
            return False
        digest = hashlib.sha256(body).hexdigest()
        names = told["SignedHeaders"].split(";")
        if self.headers["X-Amz-Content-Sha256"] != digest or not {"host", "x-amz-date"} <= set(names):
            return False
        parts = urlsplit(self.path)
        pairs = sorted((quote(a, safe="-_.~"), quote(b, safe="-_.~")) for a, b in parse_qsl(parts.query, True))
        request = "\n".join([
            self.command,
            quote(unquote(parts.path), safe="/-_.~"),
            "&".join(f"{a}={b}" for a, b in pairs),
            "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names),
            told["SignedHeaders"],
            digest,
        ])  # fmt: skip
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{day}/{region}/s3/aws4_request\n" + _hash(request)
        key = _mac(_mac(_mac(_mac(("AWS4" + SECRET).encode(), day), region), "s3"), "aws4_request")
        return hmac.compare_digest(_mac(key, text).hex(), told["Signature"])

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        shelf = self.shelf
        shelf.asked.append((self.command, self.path))
        if shelf.mode == "away":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif not self._is_theirs(body):
            self._send(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif self.command == "PUT" and shelf.mode == "full":
            self._send(507, b"<Error><Code>InsufficientStorage</Code></Error>")
        else:
            self._do(urlsplit(self.path), body)

    def _do(self, parts: Any, body: bytes) -> None:
        things = self.shelf.things
        bucket, _, name = unquote(parts.path).lstrip("/").partition("/")
        if bucket != BUCKET:
            self._send(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        elif not name:
            self._send(200, self.shelf.page(dict(parse_qsl(parts.query))))
        elif self.command == "PUT":
            things[name] = (body, datetime.now(UTC))
            self._send(200, b"")
        elif self.command == "DELETE":
            things.pop(name, None)
            self._send(204, b"")
        elif name in things:
            self._send(200, things[name][0], cut=self.shelf.mode == "cuts")
        else:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _send(self, status: int, data: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut


for _method in ("GET", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler._answer)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Shelf:
    """The server; ``few`` is how many keys one page of a list holds."""

    def __init__(self, few: int = 2) -> None:
        self.few = few
        self.mode = "serves"
        self.things: dict[str, tuple[bytes, datetime]] = {}
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"shelf": self}))
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        secret = quote(SECRET, safe="")
        self.url = f"s3+http://{KEY}:{secret}@{self.address}/{BUCKET}/spiral?region={REGION}"

    def page(self, asked: dict[str, str]) -> bytes:
        """A page of the list, as ``list-type=2`` answers."""
        names = sorted(name for name in self.things if name.startswith(asked.get("prefix", "")))
        left = [name for name in names if name > asked.get("continuation-token", "")]
        here, more = left[: self.few], len(left) > self.few
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.things[name][0])}</Size>"
            f"<LastModified>{self.things[name][1].strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified></Contents>"
            for name in here
        )
        token = f"<NextContinuationToken>{escape(here[-1])}</NextContinuationToken>" if more else ""
        told = '<ListBucketResult xmlns="urn:s3">' + rows + f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        return (told + "</ListBucketResult>").encode()

    def __enter__(self) -> "Shelf":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
