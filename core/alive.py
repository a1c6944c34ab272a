"""Who holds something says so by a word, from which a process beside it can tell for certain that the holder is dead.

A lease that runs out is the answer for other machines. On the same machine there is nothing to wait for: after a crash
and a restart the new process sees at once that the old one is gone.
"""

import contextlib
import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

PROC = Path("/proc")


def me() -> str:
    """A word for this process and moment, unlike every other: in at most 64 letters where, which, since when."""
    nonce = secrets.token_hex(8)
    process = os.getpid()
    began = _began(process)
    return f"{_where()}.{process}.{began}.{nonce}" if _where() and began else nonce * 2


def dead(word: str) -> bool:
    """Whoever was called so worked where we do, and is no more. False where that cannot be told."""
    parts = word.split(".")
    if len(parts) != 4 or parts[0] != _where() or not parts[1].isdecimal():
        return False
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass  # somebody else's
    began = _began(int(parts[1]))
    return bool(began) and began != parts[2]  # somebody else has its number now


@cache
def _where() -> str:
    """This boot of this machine, and among its containers the one whose numbers of processes are ours. Nothing where
    the system does not tell (it is Linux that does)."""
    with contextlib.suppress(OSError):
        if (PROC / "self").readlink().name == str(os.getpid()):  # else this is a view from elsewhere
            boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
            # as long as the other lives, so does its space, and no other has that number
            spaces = [(PROC / "self/ns" / name).readlink().name for name in ("pid", "time")]
            return hashlib.sha256("\0".join([boot, *spaces]).encode()).hexdigest()[:16]
    return ""


def _began(process: int) -> str:
    """When it began, in ticks of this boot: with its number that makes a process. Nothing where nobody tells."""
    with contextlib.suppress(OSError):
        return (PROC / str(process) / "stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    return ""
