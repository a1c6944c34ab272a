"""The lock of a folder: one server, or one restore, at work on one SQLite database."""

import fcntl
import os
from pathlib import Path
from typing import IO


class TakenError(Exception):
    """Somebody holds it; the text says who."""


def hold(var: Path) -> IO[str]:
    """The folder is ours until the file is closed or this process ends, however it does.

    Raises:
        TakenError: another process holds it.
    """
    file = (var / "server.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        other = file.read().strip() or "another process"
        file.close()
        raise TakenError(other) from error
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    return file
