"""Which column of a table is which field: guessed from its heading in Chinese and English, corrected by people."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.texts import one_line
from wiki.articles.kinds import KINDS, FieldType

PLAIN = ("id", "title", "body", "kind", "category", "tags", "services", "audience", "readers", "slug", "fields")
FIELDS = tuple(
    dict.fromkeys(
        spec.code
        for kind in KINDS.values()
        for spec in kind.fields
        if spec.type not in {FieldType.BRANCHES, FieldType.STEPS, FieldType.READERS}
    )
)
HEADINGS: dict[str, tuple[str, ...]] = {
    "id": ("id", "externalid", "编号", "編號", "序号", "序號", "知识编号", "知識編號", "no", "number", "key"),
    "title": ("title", "name", "标题", "標題", "题目", "題目", "名称", "名稱", "主题", "主題", "知识标题", "subject"),
    "body": ("body", "text", "content", "正文", "内容", "內容", "详情", "詳情", "说明", "說明", "描述", "正文内容"),
    "kind": ("kind", "type", "类型", "類型", "种类", "種類", "知识类型"),
    "category": ("category", "分类", "分類", "类别", "類別", "目录", "目錄", "所属分类"),
    "tags": ("tags", "tag", "keywords", "标签", "標籤", "关键词", "關鍵詞", "关键字", "關鍵字"),
    "services": ("services", "service", "业务", "業務", "业务类型", "业务代码", "業務代碼"),
    "audience": ("audience", "可见范围", "可見範圍", "范围", "範圍", "读者", "讀者", "公开范围", "visibility"),
    "readers": ("readers", "可见人员", "可見人員"),
    "slug": ("slug", "网址", "網址"),
    "fields": ("fields",),
    "question": ("question", "q", "问题", "問題", "客户问题", "客戶問題", "提问", "常见问题", "常見問題"),
    "answer": ("answer", "a", "答案", "回答", "解答", "答复", "答覆", "标准答案", "標準答案", "回复", "回覆"),
    "note": ("note", "内部备注", "內部備註", "备注", "備註", "坐席备注"),
    "scenario": ("scenario", "场景", "場景", "适用场景", "適用場景", "使用场景"),
    "customer_says": ("customersays", "客户说", "客戶說", "客户问", "客户话语"),
    "say": ("say", "话术", "話術", "推荐话术", "推薦話術", "标准话术", "標準話術", "应答话术", "应答口径", "口径"),
    "avoid": ("avoid", "禁语", "禁語", "禁忌用语", "禁忌用語", "避免用语", "不要说"),
    "closing": ("closing", "结束语", "結束語"),
    "qbq": ("qbq", "问题背后的问题", "問題背後的問題"),
    "situation": ("situation", "情境", "背景"),
    "action": ("action", "做法", "处理过程", "處理過程", "处理方法"),
    "why_it_worked": ("whyitworked", "成功原因", "为什么有效"),
    "evidence": ("evidence", "依据", "佐證", "佐证"),
    "process_no": ("processno", "流程编号", "流程編號"),
    "effective_on": ("effectiveon", "生效日期"),
    "scope": ("scope", "适用范围", "適用範圍", "目的与范围"),
    "duties": ("duties", "职责", "職責"),
    "records": ("records", "记录", "記錄"),
    "effective_from": ("effectivefrom", "生效时间", "生效時間", "开始时间"),
    "effective_to": ("effectiveto", "失效时间", "失效時間", "结束时间"),
    "department_text": ("departmenttext", "部门原文", "部門原文", "部门口径"),
    "customer_text": ("customertext", "客户版", "客戶版", "客户口径", "对客口径"),
}
KIND_WORDS = {
    "话术": "script", "話術": "script", "最佳经验": "best_practice", "最佳經驗": "best_practice", "常见问题": "faq",
    "常見問題": "faq", "问答": "faq", "問答": "faq", "流程": "sop", "标准流程": "sop", "业务通告": "notice",
    "通告": "notice", "通知": "notice", "業務通告": "notice", "产品知识": "product", "產品知識": "product",
    "产品": "product", "產品": "product", "best practice": "best_practice", "process": "sop",
}  # fmt: skip
AUDIENCE_WORDS = {
    "公开": "public", "公開": "public", "对外": "public", "對外": "public", "客户可见": "public", "内部": "internal",
    "內部": "internal", "全员": "internal", "全體": "internal", "所有员工": "internal", "限制": "restricted",
}  # fmt: skip
_GUESSES = {word: target for target, words in HEADINGS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Options:
    """What a manager says about a file: which column is what (by heading), and what holds where a row says nothing."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    category: str = ""
    audience: str = ""


def targets() -> tuple[str, ...]:
    """What a column may be."""
    return (*PLAIN, *FIELDS)


def folded(heading: str) -> str:
    """A heading as it is compared: width, case, blanks and marks apart."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading)).lower()


def guess(headings: Sequence[str]) -> dict[str, str]:
    """The likely meaning of each heading; the first of two alike wins, and what nobody knows is left out."""
    found: dict[str, str] = {}
    for heading in headings:
        target = heading if heading in targets() else _GUESSES.get(folded(heading), "")
        if target and target not in found.values() and heading not in found:
            found[heading] = target
    return found


def row_of(cells: Mapping[str, str], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The row that some cells say, by the mapping of their headings.

    A table without a column of numbers is known by its titles; without titles, by its questions.
    """
    data: dict[str, Any] = {}
    fields: dict[str, str] = {}
    for heading, value in cells.items():
        target = mapping.get(heading, "")
        if target in PLAIN:
            data[target] = value
        elif target in FIELDS and value.strip():
            fields[target] = value
    if fields and not str(data.get("fields") or "").strip():
        data["fields"] = fields
    if "title" not in mapping.values():
        lead = next((fields[one] for one in ("question", "process_no", "scenario", "situation") if fields.get(one)), "")
        data["title"] = one_line(lead)[:200]
    if "id" not in mapping.values():
        data["id"] = one_line(str(data.get("title") or ""))
    return data


def with_defaults(data: dict[str, Any], options: Options) -> dict[str, Any]:
    """Kind, category and audience in codes, and those of the file where the row says nothing."""
    kind, audience = str(data.get("kind") or "").strip(), str(data.get("audience") or "").strip()
    found = dict(data)
    if kind or options.kind:
        found["kind"] = KIND_WORDS.get(kind.lower(), kind) or options.kind
    if audience or options.audience:
        found["audience"] = AUDIENCE_WORDS.get(audience, audience) or options.audience
    if not data.get("category") and options.category:
        found["category"] = options.category
    return found


def mended(cells: Iterable[str]) -> list[str]:
    """Cells of a table that we wrote: the quote that keeps a spreadsheet from reckoning is ours, not theirs."""
    return [cell[1:] if cell[:1] == "'" and cell[1:2] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells]
