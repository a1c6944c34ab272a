"""Finding."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll oo oooo oo", "GET /search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /search/typing?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /similar?title=zzcircle+title", "similar texts are those one may read"),
    ("ll oo oooo oo", "GET /api/v1/search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /api/v1/suggest?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll ff ffff of", "GET /search?q=zzcircle&explain=1", "why a result stands there is the manager's to see"),
    ("ll ff ffff of", "GET /api/v1/search?q=zzcircle&explain=true", "the same for programs"),
    ("ll ff ffff of", "GET /admin/search/pins", "what stands first is the manager's to say"),
    ("ll ff ffff if", "POST /admin/search/pins", "what stands first is the manager's to say", {"question": "zz"}),
    ("ll ff ffff of", "POST /admin/search/pins/{pin}", "what stands first is the manager's to say", {"place": "1"}),
    ("ll ff ffff of", "POST /admin/search/pins/{pin}/remove", "what stands first is the manager's to say", {}),
]
# fmt: on
