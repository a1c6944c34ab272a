"""One compilation for each statement and test process, whatever database it goes to: a fifth of what tests cost.

In the product an engine compiles a statement once in its life. In a test that life lasts a moment.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

ROOM = 2500  # statements
_made: LRUCache[Any, Any] = LRUCache(ROOM)


def install() -> None:
    """Every engine of this process shares what was compiled; those of one kind of database speak alike."""
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    Engine._compiled_cache = property(lambda _self: _made, lambda _self, _own: None)  # type: ignore[assignment]
