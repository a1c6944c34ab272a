"""Finding."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll oo oooo oo", "GET /search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /search/typing?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /search/reading/{open}", "what one may read is read beside the results"),
    ("ll on nonn on", "GET /search/reading/{circle}", "a closed circle's text is not"),
    ("ll oo oooo oo", "POST /search/opened", "what one may not read is not noted", {"article": "1"}),
    ("ll oo oooo oo", "POST /search/pins/{open}", "everybody has pins of their own", {"on": "1"}),
    ("ll on nonn on", "POST /search/pins/{circle}", "of texts that one may read", {"on": "1"}),
    ("ll oo oooo oo", "POST /search/service", "everybody narrows their own searches", {"service": ""}),
    ("ll oo oooo oo", "GET /similar?title=zzcircle+title", "similar texts are those one may read"),
    ("ll oo oooo oo", "GET /api/v1/search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /api/v1/suggest?q=zzcircle", "searching is for everybody, finding is not"),
]
# fmt: on
