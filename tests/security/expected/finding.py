"""Finding."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll oo oooo oo", "GET /search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /search/typing?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /similar?title=zzcircle+title", "similar texts are those one may read"),
    ("ll oo oooo oo", "GET /api/v1/search?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "GET /api/v1/suggest?q=zzcircle", "searching is for everybody, finding is not"),
    ("ll oo oooo oo", "POST /search/opened", "a key opens only its owner's question; others are told nothing",
     {"asked": "zzcircle", "article": "1"}),
    ("ll oo oooo oo", "POST /api/v1/search/opened", "so it is for programs", {"asked": "zzcircle", "article": 1}),
    ("ll ff ffff of", "GET /admin/search/words", "the words of search are the knowledge manager's"),
    ("ll ff ffff if", "POST /admin/search/words", "an empty rule is none", {"line": ""}),
    ("ll ff ffff nf", "GET /admin/search/words/999999", "there is no such rule"),
    ("ll ff ffff nf", "POST /admin/search/words/999999", "there is no such rule", {"state": "off"}),
    ("ll ff ffff of", "GET /admin/search/words.csv", "taking the rules out is the manager's too"),
    ("ll ff ffff if", "POST /admin/search/words/bring", "no file was chosen", {}),
    ("ll ff ffff of", "GET /admin/search/questions", "what was asked is the manager's to read"),
    ("ll ff ffff of", "POST /admin/search/questions/propose", "an empty rule is not proposed", {"line": ""}),
    ("ll ff ffff of", "GET /api/v1/search/words", "the words of search are the knowledge manager's"),
    ("ll ff ffff if", "POST /api/v1/search/words", "an empty rule is none", {"rule": ""}),
    ("ll ff ffff nf", "POST /api/v1/search/words/999999", "there is no such rule", {"state": "off"}),
    ("ll ff ffoo of", "GET /insight/gaps", "gaps are for those who see to it that texts are written"),
    ("ll ff ffoo of", "GET /insight/gaps.csv", "so they are as a table"),
    ("ll ff ffnn nf", "POST /insight/gaps", "nobody asked so", {"key": "never asked", "act": "ignore"}),
    ("ll oo oooo oo", "GET /writing", "everybody has a list of what to write"),
    ("ll no nnoo on", "GET /writing/{writing}", "a task is for whom it concerns, and for those who see gaps"),
    ("ll nf nnff in", "POST /writing/{writing}", "who asked may drop it, with a reason", {"act": "drop"}),
]
# fmt: on
