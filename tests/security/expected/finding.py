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
    ("ll oo oooo oo", "GET /search/services", "services are for everybody"),
    ("ll ll llll ll", "GET /embed/services", "no cookie counts in the frame"),
    ("oo oo oooo oo", "GET /embed?q=zzcircle", "the frame is the same for everybody and shows nothing"),
    ("ll ll llll ll", "GET /embed/typing?q=zzcircle", "no cookie counts in the frame"),
    ("ll ll llll ll", "GET /embed/reading/{open}", "no cookie counts in the frame"),
    ("ll ll llll ll", "POST /embed/marks/{open}", "no cookie counts in the frame", {"used_in_call": "1"}),
    ("ll ll llll ll", "POST /embed/pins/{open}", "no cookie counts in the frame", {"on": "1"}),
    ("ll ll llll ll", "POST /embed/opened", "no cookie counts in the frame", {}),
    ("oo oo oooo oo", "GET /connect", "whoever is not signed in is told so"),
    ("ll ii iiii ii", "POST /connect", "everybody lets the frame in, where a program may show it", {}),
    ("ll ff ffff fo", "GET /admin/embed", "the frame is the administrator's affair"),
    ("ll ff ffff fo", "POST /admin/embed/end", "the frame is the administrator's affair", {}),
    ("ll ff ffff ff", "POST /api/v1/embed/tokens", "a token made for it lets others in", {"username": "victim"}),
    ("ll oo oooo oo", "GET /similar?title=zzcircle+title", "similar texts are those one may read"),
    ("ll oo oooo oo", "GET /api/v1/search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /api/v1/suggest?q=zzcircle", "searching is for everybody, finding is not"),
]
# fmt: on
