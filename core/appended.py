"""Rows that are only ever added, written by a statement of their own.

A flush looks through everything that the transaction has touched, sorts it and writes it: a third of a millisecond for
a single row. What is only added – the ledger, its acts – needs none of that.
"""

from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from core.db import Base, session

R = TypeVar("R", bound=Base)


def append(row: R) -> R:
    """The row is in its table and has its number; nothing else that waits to be written was written.

    What it refers to has to be in the database already. Its table has one key column, which the database fills.
    """
    insert, given, key = _about(type(row))
    state = sa.inspect(row).dict
    for name, default in given:
        state.setdefault(name, default)
    done = session.connection().execute(insert, {name: state[name] for name, _default in given})
    (state[key],) = cast(sa.CursorResult[Any], done).inserted_primary_key or (None,)
    make_transient_to_detached(row)
    ghost = session.identity_map.get(identity_key(instance=row))
    if ghost is not None:
        session.expunge(ghost)  # a savepoint was rolled back, and SQLite gives its numbers again
    session.add(row)
    return row


@cache
def _about(kind: type[Base]) -> tuple[sa.Insert, tuple[tuple[str, Any], ...], str]:
    """The statement, the columns that it is given with what they are when nothing is said, and the key."""
    mapper = sa.inspect(kind)
    table = cast(sa.Table, mapper.local_table)
    key = table.primary_key.columns[0].key
    columns = [column for column in table.columns if column.key != key]
    if len(table.primary_key.columns) != 1 or {column.key for column in table.columns} != set(
        mapper.column_attrs.keys()
    ):
        raise TypeError(f"{kind.__name__} is no table of rows that are simply added")
    return sa.insert(table), tuple((column.key, _default(column)) for column in columns), key


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    if default is None:
        return None
    if not isinstance(default, sa.ColumnDefault) or not default.is_scalar:
        raise TypeError(f"{column} is filled by more than a value")
    return default.arg
