"""A Markdown text as passages: the blocks between blank lines, in which people write, remark, compare and merge.

Nothing is lost: the passages of a text, one after the other, are the text. A fenced block is one passage whatever
stands in it; the blank lines after a block belong to it.
"""

import re

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")


def split(text: str) -> list[str]:
    """The passages of a text; ``"".join(split(text)) == text``. Blank lines at the very beginning are a passage."""
    passages: list[str] = []
    block: list[str] = []
    fence, ended = "", False
    for line in text.splitlines(keepends=True):
        blank = not line.strip()
        if ended and not blank and not fence:
            passages.append("".join(block))
            block, ended = [], False
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark.group(1)
        elif mark and fence and mark.group(1).startswith(fence) and not line[mark.end() :].strip():
            fence = ""
        block.append(line)
        ended = blank and not fence
    return [*passages, "".join(block)] if block else passages
