"""How old a program may be and still serve on the newest tables.

The rule of a rolling restart: whatever a release changes in the tables, the program of the release before goes on
working on them. So a release adds – tables, columns that may be empty or have a default of the database – and what it
has stopped using is taken away by the next one. ``tests/reliability/test_rolling.py`` holds newer migrations to it.
"""

OLDEST = "0045_must_read"  # the tables of the release before, and the tag (or commit) of its program;
PROGRAM = "7613e8e34ccbc3f2fe4907033d736fdb50ea0154"  # both are moved on with each release
