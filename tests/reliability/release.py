"""``python -m tests.reliability.release NAME [REVISION]``: the small installation that is kept of a release.

Writes ``releases/NAME-sqlite.zip`` and ``releases/NAME-postgresql.zip`` beside this file. Made at the release and never
again: every later version must be able to restore them. ``REVISION`` takes the tables back before (a version under way
has migrations whose order is not settled yet).
"""

import json
import shutil
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from core import clock, migrate
from core.backup import archive, making
from tests.make import Make
from tests.reliability.keeping import another, seeded
from tests.support import postgres, run

FOLDER = Path(__file__).parent / "releases"


def write(name: str, revision: str, url: str) -> Path:
    """The installation on one of the databases, as this version keeps it."""
    var = Path(tempfile.mkdtemp())
    app = another(var, url)
    database = app.extensions["spiral.database"]
    migrate.bring_up(app)
    with clock.fixed(datetime(2026, 11, 16, 1, 0, tzinfo=UTC)):
        _manager, slug = seeded(app, Make())
    if revision:
        migrate.downgrade(database, revision)
    target = FOLDER / f"{name}-{'postgresql' if url else 'sqlite'}.zip"
    with app.app_context(), clock.fixed(datetime(2026, 11, 16, 2, 0, tzinfo=UTC)):
        making.make(var / "kept.zip", database, app.config["SPIRAL"])
    database.close()
    with archive.opened(var / "kept.zip") as found, target.open("xb") as out:
        writer = archive.Writer(out)
        for part in found.parts:
            writer.add(part, found.read(part))
        about = {key: value for key, value in found.about.items() if key not in {"format", "version", "parts"}}
        writer.finish({**about, "article": slug})
    shutil.rmtree(var)
    return target


def main() -> None:
    """Both archives."""
    name, revision = [*sys.argv[1:], ""][:2]
    FOLDER.mkdir(exist_ok=True)
    for url in ("", postgres.create()):
        made = write(name, revision, url)
        with zipfile.ZipFile(made) as found:
            about = json.loads(found.read(archive.MANIFEST))
        print(f"{made.name}: {made.stat().st_size >> 10} kB, tables at {about['schema']}")


if __name__ == "__main__":
    run.begin()
    try:
        main()
    finally:
        postgres.stop()
        run.end()
