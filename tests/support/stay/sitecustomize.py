"""Python reads this first in every process that a test starts (``sockets.forbid_children``): it stays here, too."""

import importlib.util
from pathlib import Path

found = importlib.util.spec_from_file_location("_stays_here", Path(__file__).parent.parent / "sockets.py")
assert found
assert found.loader
guard = importlib.util.module_from_spec(found)
found.loader.exec_module(guard)
guard.forbid()
