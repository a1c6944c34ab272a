"""Libraries that few sites use are loaded when they are first needed: each holds megabytes, at rest too."""

import sys
import warnings
from importlib import import_module
from typing import Any


class Later:
    """A module that is imported at the first look into it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, word: str) -> Any:
        return getattr(sys.modules.get(self._name) or self._loaded(), word)

    def _loaded(self) -> Any:
        with warnings.catch_warnings():  # what a library calls by an old name is its own affair
            warnings.simplefilter("ignore", DeprecationWarning)
            return import_module(self._name)
