"""Who comes and who goes."""

from typing import Any

# fmt: off
ROWS: list[tuple[Any, ...]] = [
    ("ll ff ffoo oo", "GET /people/leaving", "who leaves is for those who lead and teach"),
    ("ll ff fffi ii", "POST /people/leaving", "whoever answers for a person says that they leave", {"person": ""}),
    ("ll on nnoo oo", "GET /people/leaving/{leaving}", "those whom it concerns, and who talks to them"),
    ("ll fn nnfi ii", "POST /people/leaving/{leaving}", "nobody notes their own last day",
     {"act": "change", "last_day": ""}),
    ("ll on nnoo oo", "GET /people/leaving/{leaving}/topics/bills", "those whom it concerns"),
    ("ll fn nnoo oo", "GET /people/leaving/{leaving}/interview", "who talks to them, and who asked for it"),
    ("ll fn nnoo oo", "POST /people/leaving/{leaving}/interview", "who talks to them, and who asked for it", {}),
    ("ll oo oooo oo", "GET /people/handovers", "everybody has a list of what to take over"),
    ("ll oo oooo oo", "POST /people/handovers", "everybody has a list of what to take over", {}),
    ("ll ni nnnn nn", "POST /people/handovers/{handover}", "only who is asked answers", {"act": "decline"}),
    ("ll ff ffoo of", "GET /paths", "paths are seen by those who lead new hires"),
    ("ll ff ffif if", "POST /paths", "paths are built by those who teach", {"name": ""}),
    ("ll ff ffoo of", "GET /paths/{path}", "paths are seen by those who lead new hires"),
    ("ll ff ffif if", "POST /paths/{path}", "paths are built by those who teach", {"act": "save", "name": ""}),
    ("ll ff ffoo of", "GET /cohorts", "cohorts are seen by those who lead new hires"),
    ("ll ff ffif if", "POST /cohorts", "cohorts are made by those who teach", {"name": ""}),
    ("ll ff ffoo of", "GET /cohorts/{cohort}", "a supervisor sees the people of the own team"),
    ("ll ff ffif if", "POST /cohorts/{cohort}", "people are put on a path by those who teach", {"people": ""}),
    ("ll on nnoo on", "GET /newcomers/{newcomer}", "the person, their supervisor, those who teach"),
    ("ll on nnff fn", "POST /newcomers/{newcomer}", "only the reader says that a text was read",
     {"act": "sign", "step": "{step}"}),
    ("ll oo oooo oo", "GET /my-path", "everybody may look whether they walk a path"),
]
# fmt: on
