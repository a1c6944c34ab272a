"""What the addresses in settings say: of a search server, of a place for files."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

SEARCH_SCHEMES = {"meilisearch": "http", "meilisearch+https": "https"}
STORE_SCHEMES = {"s3": "https", "s3+http": "http"}


def search_server(url: str) -> tuple[str, str, str]:
    """The http address, the key and the name of the index in ``meilisearch://key@host:port/name``.

    Raises:
        ValueError: it is no such address; the sentence says what is wrong.
    """
    parts = urlsplit(url)
    sound = parts.scheme in SEARCH_SCHEMES and parts.hostname and not parts.query and not parts.fragment
    if not sound or any(c.isspace() for c in url):
        raise ValueError("must look like meilisearch://key@host:7700, or meilisearch+https://key@host")
    if parts.password is not None:
        raise ValueError("holds a colon before the @: only the key stands there; write special characters as %40")
    name = parts.path.strip("/") or "spiral"
    if not re.fullmatch(r"[A-Za-z0-9_]{1,40}(-[A-Za-z0-9_]{1,40})?", name):
        raise ValueError("may name its index with letters, digits, _ and one - only")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ":7700" if parts.scheme == "meilisearch" else ""
    return f"{SEARCH_SCHEMES[parts.scheme]}://{host}{port}", unquote(parts.username or ""), name


class FileStore(NamedTuple):
    """Where files lie when not in ``var``: a folder, or a bucket (then ``address`` is that of its server)."""

    folder: Path | None
    address: str = ""
    key: str = ""
    secret: str = ""
    bucket: str = ""
    prefix: str = ""
    region: str = ""


def file_store(url: str) -> FileStore:
    """The parts of ``file:///folder`` or ``s3://key:secret@host:port/bucket/prefix?region=…`` (``s3+http``: no TLS).

    Raises:
        ValueError: it is no such address; the sentence says what is wrong.
    """
    parts = urlsplit(url)
    wrong = "must look like file:///mnt/spiral or s3://key:secret@host:port/bucket/prefix?region=name"
    if any(c.isspace() for c in url) or parts.fragment:
        raise ValueError(wrong)
    if parts.scheme == "file":
        if parts.netloc or parts.query or not parts.path.strip("/"):
            raise ValueError(wrong)
        return FileStore(Path(unquote(parts.path)))
    if parts.scheme not in STORE_SCHEMES or not parts.hostname or not parts.username or not parts.password:
        raise ValueError(wrong + "; write special characters of the secret as %2F and the like")
    bucket, _sep, prefix = parts.path.strip("/").partition("/")
    given = dict(parse_qsl(parts.query))
    names = re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket) and re.fullmatch(r"[A-Za-z0-9/_.-]*", prefix)
    if not names or set(given) - {"region"}:
        raise ValueError(wrong)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{STORE_SCHEMES[parts.scheme]}://{host}" + (f":{parts.port}" if parts.port else "")
    secret = unquote(parts.password)
    return FileStore(None, address, unquote(parts.username), secret, bucket, prefix, given.get("region", "us-east-1"))
