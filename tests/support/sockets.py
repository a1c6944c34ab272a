"""No test reaches out: a socket to anything but this machine is refused, and fails the test even if the code shrugs."""

import contextlib
import ipaddress
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ALLOWED_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost"}
EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
NAME_EVENTS = ("socket.getaddrinfo", "socket.gethostbyname")
TOLD = "TESTS_STAY_HERE"  # the file in which children say what they reached for
STAY = Path(__file__).parent / "stay"

_inside = threading.local()  # threads that stand in a network of the test's own
_attempts: list[str] = []
_installed = False


class ReachedOutError(OSError):
    """Somebody tried to leave the machine. An OSError, as a closed network gives."""


def is_here(host: object) -> bool:
    """Whether the name or address is this machine itself."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name.lower() in ALLOWED_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


def _refuse(what: str) -> None:
    _attempts.append(what)
    if _child_of_a_test():
        with contextlib.suppress(OSError), Path(os.environ[TOLD]).open("a", encoding="utf-8") as told:
            told.write(f"{what}, in a process it started\n")
    raise ReachedOutError(f"tests stay on this machine, and this reached for {what}")


@contextlib.contextmanager
def cut_off() -> Iterator[None]:
    """This thread stands in a network namespace of the test (``namespaces.py``), which no cable leads out of."""
    _inside.standing = True
    try:
        yield
    finally:
        _inside.standing = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if getattr(_inside, "standing", False):
        return
    if event in EVENTS:
        address = arguments[1]
        # a path is a unix socket; a tuple begins with the host
        if isinstance(address, tuple) and not is_here(address[0]):
            _refuse(f"{address[0]}:{address[1]}")
    elif event in NAME_EVENTS and not is_here(arguments[0]):
        _refuse(f"the address of {arguments[0]!r}")


def _child_of_a_test() -> bool:
    return TOLD in os.environ and __name__ == "_stays_here"


def forbid() -> None:
    """From now on, for the whole life of this process. C libraries are not watched."""
    global _installed
    if not _installed:
        sys.addaudithook(_watch)
        _installed = True


def forbid_children(told: Path) -> None:
    """Every Python that this process starts stays here as well: servers, workers, commands."""
    os.environ[TOLD] = str(told)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(STAY), *filter(None, [os.environ.get("PYTHONPATH")])])


def freed(environment: dict[str, str]) -> dict[str, str]:
    """The same for a process that may go out: hosts in networks of their own, and whoever fetches wheels."""
    kept = {name: value for name, value in environment.items() if name not in {TOLD, "PYTHONPATH"}}
    others = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part not in {"", str(STAY)}]
    return kept | ({"PYTHONPATH": os.pathsep.join(others)} if others else {})


def told_by_children() -> list[str]:
    """What children reached for since this was asked last."""
    with contextlib.suppress(FileNotFoundError):
        lines = Path(os.environ[TOLD]).read_text(encoding="utf-8").splitlines()
        Path(os.environ[TOLD]).unlink()
        return lines
    return []


@contextlib.contextmanager
def watching() -> Iterator[list[str]]:
    """The list fills with what was reached for inside the block; nothing of it is held against the block around."""
    global _attempts
    before, _attempts = _attempts, []
    try:
        yield _attempts
    finally:
        _attempts = before
