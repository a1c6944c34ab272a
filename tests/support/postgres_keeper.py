"""Keeps one PostgreSQL for one test run: starts it, waits for the run to end – however it ends – and clears it away.

    python postgres_keeper.py FOLDER OWNER INSTALLATION

FOLDER is the run's, OWNER the process whose end is the end of the run, INSTALLATION the folder that holds bin/postgres.
Afterwards FOLDER/postgres.json names the socket's folder, or FOLDER/postgres.failed says why there is none. Only the
standard library; a process of its own, so that no kill of a test or a worker leaves a server behind.

PostgreSQL refuses to run as root. As root we run it as 'nobody', who can read neither root's home nor, perhaps, the
project: where that is so, the installation is copied (about 40 MB) to where 'nobody' can.
"""

import contextlib
import ctypes
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any

OTHERS = ("nobody", "postgres", "daemon")
MEMORY = Path("/dev/shm")  # in memory fsync can stay on, as the product demands, and costs nothing
ROOM = 2 << 30  # bytes that must be free there

SETTINGS = {
    "listen_addresses": "",  # a unix socket only, in a folder of our own
    "max_connections": "300",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "30min",
    "jit": "off",
    "timezone": "UTC",
}


def other_user() -> dict[str, Any]:
    """Arguments for subprocess: as whom PostgreSQL runs; none when we are not root."""
    if os.geteuid() != 0:
        return {}
    for name in OTHERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError(f"PostgreSQL refuses to run as root, and none of the users {', '.join(OTHERS)} exists")


def die_with_me() -> None:
    """The server gets SIGQUIT should the keeper itself be killed (Linux: PR_SET_PDEATHSIG)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class Keeper:
    def __init__(self, folder: Path, owner: int, installation: Path) -> None:
        self.folder, self.owner, self.installation = folder, owner, installation
        self.user = other_user()
        self.environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
        roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
        self.place = Path(tempfile.mkdtemp(prefix="spiral-postgres-", dir=MEMORY if roomy else folder))
        self.socket = folder / "socket"
        self.server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """The server answers on the socket.

        Raises:
            RuntimeError, OSError, subprocess.SubprocessError: it does not, and why.
        """
        self.socket.mkdir(mode=0o700)
        self.place.chmod(0o755)
        data = self.place / "data"
        data.mkdir(mode=0o700)
        if self.user:
            for path in (self.socket, data):
                os.chown(path, self.user["user"], self.user["group"])
        binaries = self.reachable() / "bin"
        self.command(
            binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        self.server = subprocess.Popen(
            [binaries / "postgres", "-D", data, f"--unix_socket_directories={self.socket}", *options],
            cwd="/", env=self.environment, stdin=subprocess.DEVNULL, **self.user,
            preexec_fn=die_with_me,  # noqa: PLW1509 – this process has one thread
        )  # fmt: skip
        self.wait_until_ready(data)

    def reachable(self) -> Path:
        """An installation that the server's user can read."""
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            self.command(self.installation / "bin" / "postgres", "--version")
            return self.installation
        # the libraries lie beside the package, and are found relative to the programs
        package = self.installation.parent
        for source in (package, package.with_name(package.name + ".libs")):
            if source.is_dir():
                copy = self.place / "copy" / source.name
                shutil.copytree(source, copy, symlinks=True)
                for path in (copy, *copy.rglob("*")):
                    if not path.is_symlink():
                        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        (self.place / "copy").chmod(0o755)
        copied = self.place / "copy" / package.name / self.installation.name
        self.command(copied / "bin" / "postgres", "--version")
        return copied

    def command(self, *words: str | Path) -> None:
        done = subprocess.run(
            words, cwd="/", env=self.environment, capture_output=True, text=True, check=False, **self.user
        )
        if done.returncode:
            raise RuntimeError(f"{Path(words[0]).name}: {(done.stderr or done.stdout).strip()[-2000:]}")

    def wait_until_ready(self, data: Path) -> None:
        assert self.server
        end = time.monotonic() + 200
        while time.monotonic() < end:
            if self.server.poll() is not None:
                raise RuntimeError(f"postgres ended with {self.server.returncode}; see {self.folder}/postgres.log")
            with contextlib.suppress(OSError):
                # the last line of this file is the server's state
                if (data / "postmaster.pid").read_text().rstrip().endswith("ready"):
                    return
            time.sleep(0.02)
        raise RuntimeError("postgres was not ready within 200 s")

    def wait_for_the_end(self) -> None:
        """Returns when the run's owner is gone, or the server is."""
        assert self.server
        try:
            watched = os.pidfd_open(self.owner)
        except ProcessLookupError:
            return
        except (OSError, AttributeError):
            watched = None
        poll = select.poll()
        if watched is not None:
            poll.register(watched, select.POLLIN)
        while self.server.poll() is None:
            if poll.poll(1000):
                return
            if watched is None:
                try:
                    os.kill(self.owner, 0)
                except ProcessLookupError:
                    return

    def stop(self) -> None:
        """The server is stopped and nothing of it is left."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGQUIT)  # at once: nobody needs the data again
            try:
                self.server.wait(10)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait(10)
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)


def leave(signal_number: int, frame: FrameType | None) -> None:
    raise SystemExit


def main(folder: Path, owner: int, installation: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    said = folder / "postgres.json"
    keeper = Keeper(folder, owner, installation)
    try:
        keeper.start()
        part = said.with_suffix(".part")
        part.write_text(json.dumps({"socket": str(keeper.socket), "keeper": os.getpid()}))
        part.rename(said)
        keeper.wait_for_the_end()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        (folder / "postgres.failed").write_text(str(error))
    finally:
        keeper.stop()
        said.unlink(missing_ok=True)
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)  # the owner was killed, and left it


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
