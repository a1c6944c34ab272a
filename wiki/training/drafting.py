"""Questions drafted from an article, for a trainer to take as they are, to change or to leave: rules, no model.

Each rule reads one shape of text that the article's authors use – rows of a table, cases of a list, answers of a
guided conversation, steps of a process, figures in a sentence – and asks for one part of it, with other parts of the
same shape as wrong options. What would give itself away is left out: a question whose right option stands in the
question, shares more of its words than the others do, or is much longer or shorter than they are.

The same text gives the same questions, in the same order, on every machine.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.folding import HAS_HAN, fold, simplified
from core.i18n import _, force_locale
from core.markup import plain
from wiki.training.rules import Kind, QuestionSpec, spec

MOST = 8  # drafts of one article
OPTIONS = 4
_LONGEST = 90  # characters of an option
_TELLING = 0.15  # so much more of the right option than of any other stands in the question: it gives itself away

_ITEM = re.compile(r"^[ ]{0,3}(?:[-*+]|\d+[.、)])[ \t]++(.+)$")
_CASE = re.compile(r"^\*\*(.+?)\*\*[ \t]*[：:][ \t]*+(.+)$")
_ROW = re.compile(r"^[ ]{0,3}\|(.+)\|[ \t]*$")
_RULE = re.compile(r"^[ ]{0,3}\|(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*$")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
_NUMBER = re.compile(r"(?<![\d.:/–-])(\d{1,4}(?:\.\d{1,2})?)(?![\d.:/–-])")
_UNIT = re.compile(
    r"[ ]?(?:[个個]?工作[日天]|[个個]?月|小时|小時|分钟|分鐘|秒|天|日|年|元|块|塊|次|笔|筆|页|頁|项|項|%|％|[GMK]B|"
    r"hours?|minutes?|seconds?|days?|weeks?|months?|years?|times?|percent)"
)
_ORDINAL = re.compile(r"[第前]\s?$")
_IN_WORDS = re.compile(r"[一二两兩三四五六七八九十百半]+[ ]?[个個]?(?:小时|小時|分|秒|天|日|年|月|元|块|塊|次|成)")
_EXAMPLES = {"例", "例子", "示例", "範例", "范例", "example", "examples"}
# What a department wrote for itself is none of a rep's, and what happened in one case is no rule to be learnt.
_NOT_TAUGHT = {"department_text", "evidence", "source_ref", "process_no", "situation", "why_it_worked", "scenario",
               "customer_says", "qbq", "avoid"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """What questions are drafted from: an article as it was published. ``fields`` by code, as stored."""

    title: str
    fields: Mapping[str, Any]
    body: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that may be asked, and the passage it was made from. ``code`` names it as long as the text stays."""

    code: str
    question: QuestionSpec


@dataclass(frozen=True, slots=True)
class _Idea:
    worth: float
    text: str
    right: str
    wrong: tuple[str, ...]
    passage: str


def drafts(text: Text, *, article_id: int | None = None, most: int = MOST) -> list[Draft]:
    """The questions that the text is good for, best first; one for each passage. Needs an application context."""
    with force_locale(_language(text)):
        ideas = [idea for rule in _RULES for idea in rule(text)]
    chosen: list[Draft] = []
    passages: set[str] = set()
    for idea in sorted(ideas, key=lambda one: -one.worth):
        options = _options(idea)
        if options is None or idea.passage in passages or len(chosen) == most:
            continue
        passages.add(idea.passage)
        code = hashlib.sha256(f"{idea.text}\n{idea.right}".encode()).hexdigest()[:12]
        chosen.append(
            Draft(
                code,
                spec(Kind.SINGLE, idea.text, options, options.index(idea.right), article_id=article_id,
                     passage=idea.passage[:500]),
            )
        )  # fmt: skip
    return chosen


def _language(text: Text) -> str:
    whole = text.title + text.body + "".join(str(value) for value in text.fields.values())
    if not HAS_HAN.search(whole):
        return "en"
    folded = fold(whole)
    other = sum(one != two for one, two in zip(folded, simplified(folded), strict=False))
    return "zh_Hant" if other * 20 > len(folded) else "zh_Hans"


# ── what may be asked ────────────────────────────────────────────────────────────────────────────────────────────────


def _options(idea: _Idea) -> list[str] | None:
    """The options in the order of their text's fingerprint, the right one among them; ``None``: it makes none."""
    if not idea.right or len(idea.right) > _LONGEST or len(idea.text) > 400:
        return None
    wrong = _distinct(idea.right, idea.wrong)[: OPTIONS - 1]
    options = sorted([idea.right, *wrong], key=lambda one: hashlib.sha256(f"{idea.text}/{one}".encode()).digest())
    if len(wrong) < 2 or _gives_itself_away(idea.text, idea.right, wrong):
        return None
    return options


def _distinct(right: str, wrong: Iterable[str]) -> list[str]:
    """Those that neither hold the right option nor stand in it, each once, those of a like length first."""
    kept: list[str] = []
    seen = [fold(right)]
    for one in sorted(wrong, key=lambda each: abs(len(each) - len(right))):
        folded = fold(one)
        if one and len(one) <= _LONGEST and not any(folded in other or other in folded for other in seen):
            kept.append(one)
            seen.append(folded)
    return kept


def _gives_itself_away(question: str, right: str, wrong: Sequence[str]) -> bool:
    asked = fold(question)
    if fold(right) in asked:
        return True
    others = max(_shared(asked, one) for one in wrong)
    if _shared(asked, right) > others + _TELLING or _runs(asked, right) - set().union(
        *(_runs(asked, w) for w in wrong)
    ):
        return True
    lengths = sorted(len(one) for one in wrong)
    return max(len(right), lengths[-1]) > 8 and not 0.5 * lengths[0] <= len(right) <= 1.7 * lengths[-1]


def _runs(asked: str, option: str) -> set[str]:
    """Every three characters of the option that stand in the question as well, if they are of a Chinese text."""
    letters = fold(option)
    runs = {letters[at : at + 3] for at in range(len(letters) - 2)}
    return {run for run in runs if run in asked and HAS_HAN.search(run)}


def _shared(asked: str, option: str) -> float:
    """The share of the option's pairs of letters that stand in the question."""
    letters = re.sub(r"[\W_]+", "", fold(option))
    pairs = {letters[at : at + 2] for at in range(len(letters) - 1)} or {letters}
    return sum(pair in asked for pair in pairs) / len(pairs)


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(text: Text) -> Iterator[_Idea]:
    """Tables: what stands in this column where the first one says that?"""
    for table in _tables(text):
        head, rows = table[0], table[1:]
        for column in range(1, len(head)):
            values = [row[column] for row in rows]
            if len({fold(value) for value in values}) < 3 or not head[column] or fold(head[column]) in _EXAMPLES:
                continue
            for row in rows:
                if not _says_something(row[column]) or not _says_something(row[0]) or row[0][-1] in "?？":
                    continue  # the grammar of a question gives its answer away
                yield _Idea(
                    0.9 - 0.02 * column,
                    _("“%(title)s”: which “%(column)s” belongs to “%(row)s”?",
                      title=text.title, column=head[column], row=row[0]),
                    row[column],
                    tuple(value for value in values if _says_something(value)),
                    " | ".join(row),
                )  # fmt: skip


def _cases(text: Text) -> Iterator[_Idea]:
    """Lists whose items name a case in bold and say what holds then."""
    for items in _lists(text):
        found = [match for item in items if (match := _CASE.match(item))]
        said = [(_one_line(match[1]), _one_line(match[2])) for match in found]
        if len(said) < max(3, len(items)) or any(len(case) < 2 for case, _then in said):
            continue
        for case, then in said:
            yield _Idea(
                0.95,
                _("“%(title)s”: what holds for “%(case)s”?", title=text.title, case=case),
                _shortened(then),
                tuple(_shortened(other) for name, other in said if name != case),
                f"{case}：{then}",
            )


def _answers(text: Text) -> Iterator[_Idea]:
    """Guided conversations: what is said when the customer answers this?"""
    branches = [row for row in text.fields.get("branches") or [] if isinstance(row, Mapping)]
    said = [(plain(str(row.get("when") or "")), _one_line(str(row.get("say") or ""))) for row in branches]
    said = [(when, say) for when, say in said if when and say]
    if len(said) < 3:
        return
    for when, say in said:
        yield _Idea(
            0.85,
            _("“%(title)s”: the customer answers “%(when)s”. What do you say?", title=text.title, when=_bare(when)),
            _shortened(say),
            tuple(_shortened(other) for name, other in said if name != when),
            f"{when}：{say}",
        )


def _process(text: Text) -> Iterator[_Idea]:
    """Processes: where a decision leads, and who does a step."""
    steps = {str(row.get("id")): row for row in text.fields.get("steps") or [] if isinstance(row, Mapping)}
    words = {code: plain(str(row.get("text") or "")) for code, row in steps.items()}
    roles = {code: plain(str(row.get("role") or "")) for code, row in steps.items()}
    for code, row in steps.items():
        ways = [way for way in row.get("next") or [] if isinstance(way, Mapping) and way.get("label")]
        for way in ways if len(ways) > 1 else []:
            target = words.get(str(way.get("id")), "")
            near = [words[other] for other in steps if other not in {code, str(way.get("id"))}]
            yield _Idea(
                0.9,
                _("“%(title)s”: at “%(step)s” the outcome is “%(label)s”. What comes next?",
                  title=text.title, step=words[code], label=plain(str(way["label"]))),
                target,
                tuple(near),
                f"{words[code]} → {plain(str(way['label']))} → {target}",
            )  # fmt: skip
        if roles[code] and len(set(roles.values()) - {""}) >= 3:
            yield _Idea(
                0.75,
                _("“%(title)s”: who does this step: “%(step)s”?", title=text.title, step=words[code]),
                roles[code],
                tuple(dict.fromkeys(role for role in roles.values() if role != roles[code])),
                f"{words[code]}（{roles[code]}）",
            )


def _figures(text: Text) -> Iterator[_Idea]:
    """Sentences with one figure that counts: which? Each figure of an article once."""
    asked: set[str] = set()
    for sentence in _sentences(text):
        found = _NUMBER.findall(sentence)
        if len(found) != 1 or not 12 <= len(sentence) <= 120 or _IN_WORDS.search(sentence):
            continue
        number = _NUMBER.search(sentence)
        unit = _UNIT.match(sentence, number.end()) if number else None
        if number is None or unit is None or number.start() < 2 or _ORDINAL.search(sentence[: number.start()]):
            continue
        figure = f"{number[1]}{unit[0]}"
        if figure in asked or number[1] in text.title or figure.replace(" ", "") == "100%":
            continue
        asked.add(figure)
        gap = f"{sentence[: number.start()].rstrip()} ____ {sentence[unit.end() :].lstrip()}"
        yield _Idea(
            0.8,
            _("“%(title)s”: what belongs into the gap? “%(sentence)s”", title=text.title, sentence=gap),
            figure,
            tuple(f"{other}{unit[0]}" for other in _figures_beside(number[1])),
            sentence,
        )


def _figures_beside(number: str) -> list[str]:
    """Figures that might be meant as well: half, double, half as much again."""
    if "." in number:
        return [f"{float(number) * by:.{len(number.split('.')[1])}f}" for by in (0.5, 2, 1.5)]
    value = int(number)
    near = [value * 2, value // 2 if value % 2 == 0 else value + 1, value + value // 2 if value % 2 == 0 else value * 3]
    if value < 4:
        near = [value + 1, value + 2, value + 4]
    if value <= 100 < max(near):
        near = [value - 10, value - 20, value - 5] if value > 50 else near
    return [str(one) for one in dict.fromkeys(near) if one > 0 and one != value]


_RULES = (_cells, _cases, _answers, _process, _figures)


# ── reading a text ───────────────────────────────────────────────────────────────────────────────────────────────────


def _prose(text: Text) -> Iterator[str]:
    """The Markdown texts of the article that are to be learnt."""
    for code, value in text.fields.items():
        if isinstance(value, str) and code not in _NOT_TAUGHT:
            yield value
    yield text.body


def _tables(text: Text) -> Iterator[list[list[str]]]:
    """Tables with their head, cells without marks; only those in which every row is full."""
    for source in _prose(text):
        lines = source.splitlines()
        at = 0
        while at + 1 < len(lines):
            if _ROW.match(lines[at]) and _RULE.match(lines[at + 1]):
                rows = [_cells_of(lines[at])]
                at += 2
                while at < len(lines) and _ROW.match(lines[at]):
                    rows.append(_cells_of(lines[at]))
                    at += 1
                if len(rows) > 3 and len({len(row) for row in rows}) == 1:
                    yield rows
            at += 1


def _cells_of(line: str) -> list[str]:
    found = _ROW.match(line)
    return [_one_line(cell) for cell in re.split(r"(?<!\\)\|", found[1])] if found else []


def _lists(text: Text) -> Iterator[list[str]]:
    """The items of each list of one level, as written."""
    for source in _prose(text):
        items: list[str] = []
        for line in [*source.splitlines(), "."]:
            if found := _ITEM.match(line):
                items.append(found[1].strip())
            elif line.strip():  # blank lines part no list
                yield items
                items = []


def _sentences(text: Text) -> Iterator[str]:
    """Sentences of prose and lists, without marks; none of tables or headings."""
    for source in _prose(text):
        for line in source.splitlines():
            if _ROW.match(line) or line.lstrip().startswith("#"):
                continue
            for found in _SENTENCE.finditer(_one_line(line)):
                sentence = found[0].strip()
                if not sentence.startswith(("（", "(")):
                    yield _bare(sentence) if sentence.count("“") != sentence.count("”") else sentence


def _one_line(source: str) -> str:
    return re.sub(r"(?<! ) ++(?=[：，。；！？、）])", "", " ".join(plain(source).split()))


def _bare(words: str) -> str:
    return words.strip('“”「」『』"')


def _shortened(words: str) -> str:
    """Its first sentences, as many as an option holds."""
    kept = ""
    for found in _SENTENCE.finditer(words):
        if kept and len(kept) + len(found[0]) > _LONGEST:
            break
        kept += found[0]
    return kept.strip().rstrip("；;")


def _says_something(cell: str) -> bool:
    return len(re.sub(r"[\W_]+", "", cell)) > 0
