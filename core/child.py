"""A process of its own that opens one Word document or workbook, with little memory and little time.

What the examination before it has missed ends here, and with it nothing but this process. It answers in lines of JSON.
"""

import contextlib
import hashlib
import json
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

MEMORY = 300 << 20  # bytes of address space
SECONDS = 20  # of processor time
STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
"""


def main(kind: str, path: Path, folder: Path) -> None:
    """Read the file as what it is; pictures go to ``folder``."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without such limits, or one with narrower
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    {"word": word, "table": table}[kind](path, folder)


def word(path: Path, folder: Path) -> None:
    """One line: the HTML, and the pictures it shows."""
    import io

    import mammoth

    pictures: dict[str, str] = {}

    def keep(image: Any) -> dict[str, str]:
        with image.open() as file:
            data = file.read()
        digest = hashlib.sha256(data).hexdigest()
        (folder / digest).write_bytes(data)
        pictures[digest] = str(image.content_type or "")
        return {"src": f"picture:{digest}"}

    # from memory: without a folder of its own it can ask for no file beside it
    done = mammoth.convert_to_html(
        io.BytesIO(path.read_bytes()), convert_image=mammoth.images.img_element(keep), style_map=STYLES
    )
    say({"html": done.value, "pictures": pictures})


def table(path: Path, _folder: Path) -> None:
    """A line for each row of the first sheet that holds anything."""
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    for row in sheet.to_python(skip_empty_area=False):
        say([cell(value) for value in row])


def cell(value: Any) -> str:
    """A cell as it is read on the screen: 1001, not 1001.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def say(data: Any) -> None:
    """One line of the answer."""
    sys.stdout.write(json.dumps(data) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
