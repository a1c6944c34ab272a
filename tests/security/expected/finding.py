"""Finding."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll oo oooo oo", "GET /search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /search/typing?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /similar?title=zzcircle+title", "similar texts are those one may read"),
    ("ll oo oooo oo", "GET /api/v1/search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /api/v1/suggest?q=zzcircle", "searching is for everybody, finding is not"),
]
# fmt: on
