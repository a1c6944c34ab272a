"""Several hosts on this machine, each a network namespace of its own at one switch; Linux, as root, with `ip`.

with network() as net:                                # skips with a reason where namespaces are not allowed
    one = net.host("one", "10.0.0.11/24")
    one.run("python", "-m", "http.server")            # a process of that host, under that host's name
    one.connect("10.0.0.12", 80)                      # a connection from it, held by this process
    one.cut() … one.mend()                            # its cable is out; whoever it spoke to is told nothing
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.support import run, sockets

T = TypeVar("T")
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
SWITCH = "switch"


class Refused(Exception):
    """This machine does not let us."""


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"ip {' '.join(words)}: {done.stderr.strip() or done.returncode}")


def _enter(space: str) -> None:
    """This thread stands in that network from now on."""
    with (Path("/run/netns") / space).open() as found:
        if ctypes.CDLL(None, use_errno=True).setns(found.fileno(), NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")


@dataclass
class Host:
    """One host; ``wire`` is its end of the cable at the switch."""

    net: "Network"
    name: str
    address: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def space(self) -> str:
        return self.net.space(self.name)

    @property
    def wire(self) -> str:
        return f"to-{self.name}"

    def cut(self) -> None:
        """Nothing comes in or goes out, and nobody hears of it."""
        ip("-n", self.net.space(SWITCH), "link", "set", self.wire, "down")

    def mend(self) -> None:
        ip("-n", self.net.space(SWITCH), "link", "set", self.wire, "up")

    def run(self, *words: str, cwd: Path, env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
        """A process of this host, the first of its group."""
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name, *words]
        with log.open("ab") as out:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.space, *named], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def connect(self, address: str, port: int, timeout: float = 10) -> socket.socket:
        """A connection from this host.

        Raises:
            OSError.
        """
        return self._inside(lambda: socket.create_connection((address, port), timeout))

    def _inside(self, act: Callable[[], T]) -> T:
        """Sockets belong to the network in which their thread stood when it made them."""
        said: list[T] = []
        wrong: list[BaseException] = []

        def there() -> None:
            try:
                _enter(self.space)
                with sockets.cut_off():
                    said.append(act())
            except BaseException as error:  # noqa: BLE001 - raised again where it was asked
                wrong.append(error)

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        if wrong:
            raise wrong[0]
        return said[0]

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


class Network:
    """The switch and who is at it."""

    def __init__(self) -> None:
        self.tag = f"spiral-{os.getpid()}-{secrets.token_hex(2)}"
        self.hosts: list[Host] = []
        self._spaces: list[str] = []

    def space(self, name: str) -> str:
        return f"{self.tag}-{name}"

    def begin(self) -> None:
        for program in ("ip", "unshare", "hostname"):
            if not shutil.which(program):
                raise Refused(f"{program} is not there")
        self._add(SWITCH)
        ip("-n", self.space(SWITCH), "link", "add", "br0", "type", "bridge")
        ip("-n", self.space(SWITCH), "link", "set", "br0", "up")

    def host(self, name: str, address: str) -> Host:
        """A host at the switch; ``address`` with its network: ``10.0.0.11/24``."""
        self._add(name)
        made = Host(self, name, address.partition("/")[0])
        switch = self.space(SWITCH)
        ip("link", "add", made.wire, "netns", switch, "type", "veth", "peer", "name", "eth0", "netns", made.space)
        ip("-n", switch, "link", "set", made.wire, "master", "br0", "up")
        self._up(made.space, "eth0", address)
        self.hosts.append(made)
        return made

    def outside(self, name: str, address: str, door: Host, at: str) -> Host:
        """A host that sees only ``door``, over a cable of its own; ``at`` is the door's address there."""
        self._add(name)
        made = Host(self, name, address.partition("/")[0])
        wire = f"to-{name}"
        ip("link", "add", wire, "netns", door.space, "type", "veth", "peer", "name", "eth0", "netns", made.space)
        self._up(door.space, wire, at)
        self._up(made.space, "eth0", address)
        ip("-n", made.space, "route", "add", "default", "via", at.partition("/")[0])
        self.hosts.append(made)
        return made

    def _add(self, name: str) -> None:
        ip("netns", "add", self.space(name))
        self._spaces.append(self.space(name))
        ip("-n", self.space(name), "link", "set", "lo", "up")

    def _up(self, space: str, wire: str, address: str) -> None:
        ip("-n", space, "addr", "add", address, "dev", wire)
        ip("-n", space, "link", "set", wire, "up")

    def close(self) -> None:
        for host in reversed(self.hosts):
            host.close()
        for space in self._spaces:
            with contextlib.suppress(Refused):
                ip("netns", "del", space)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """A switch without hosts; all of it is gone afterwards. Skips where this machine does not let us."""
    found = Network()
    try:
        found.begin()
        probe = found.host("probe", "10.255.255.1/24")
        probe._inside(lambda: socket.socket().close())
    except (Refused, OSError) as error:
        found.close()
        run.leave_out(
            f"network namespaces ({error}; machines as processes behind lines that are cut stand in "
            "tests/reliability/test_machines.py)",
            ci=False,
        )
    try:
        yield found
    finally:
        found.close()
