"""Sample contexts of writing and judging."""

from datetime import date
from typing import Any

from core.markup import render
from tools.gallery_articles import article
from tools.gallery_homes import home_rep
from tools.gallery_samples import BODY, CHANGES, SAY, Context, at, inbox_items, page_of, stages, trail
from wiki.articles.comparing import Look


def diff(look: str) -> Context:
    chosen = Look(side=look == "side")
    return lambda: {
        "article": article("script", "流量超出套餐后的解释与流量包推荐"),
        "old": {"key": "1.1", "version": "1.1", "author": "刘洋", "at": date(2026, 9, 1)},
        "new": {"key": "2.0", "version": "2.0", "author": "周晓雯", "at": date(2026, 11, 3)},
        "published": [("2.0", "2.0 · 2026-11-03"), ("1.1", "1.1 · 2026-09-01"), ("1.0", "1.0 · 2026-05-11")],
        "proposed": [],
        "changes": [{"name": one.name, "label": one.label, "shown": one.shown(chosen)} for one in CHANGES],
        "unchanged": ["场景", "避免说法"],
        "look": chosen,
    }


def edit() -> dict[str, Any]:
    return {
        "kind": "script",
        "heading": "新建话术",
        "action": "#",
        "autosave_url": "/autosave",
        "preview_url": "/preview",
        "similar_url": "/similar",
        "cancel_url": "#",
        "specs": [
            {
                "name": "scenario",
                "label": "场景",
                "type": "textarea",
                "help": "客户在什么情况下会这样说？",
                "need": True,
            },
            {"name": "customer_says", "label": "客户说", "type": "textarea", "help": None, "need": False},
            {
                "name": "qbq",
                "label": "问题背后的问题",
                "type": "textarea",
                "help": "客户真正担心的是什么？",
                "need": False,
            },
            {"name": "say", "label": "推荐说法", "type": "textarea", "help": None, "need": True},
            {"name": "avoid", "label": "避免说法", "type": "textarea", "help": None, "need": False},
            {
                "name": "branches",
                "label": "分支",
                "type": "branches",
                "help": "客户的不同回答，各接一句。",
                "need": False,
            },
        ],
        "values": {
            "title": "流量超出套餐后的解释",
            "scenario": "客户因套餐外流量产生费用来电。",
            "say": "",
            "body": BODY,
            "tags": "高频, 流量",
            "audience": "internal",
            "branches": [{"when": "“那你退给我。”", "say": "“我理解您的心情……”", "next": "投诉升级"}],
        },
        "errors": {"say": "请写出推荐的说法，这是话术最要紧的一栏。"},
        "categories": [("plan", "流量与套餐"), ("bill", "账单与缴费")],
        "audiences": [("internal", "全体员工"), ("public", "公开")],
        "significances": [],
        "base": None,
        "state": {"draft_label": "草稿 3", "saved_at": at(minutes=2)},
        "preview_html": render(BODY),
        "returned": None,
        "similar": [
            {"title": "套餐外流量怎样计费？", "url": "#", "state": "published", "note": "常见问题"},
            {"title": "流量提醒短信的解释", "url": "#", "state": "in_review", "note": "刘洋，品质管理中"},
        ],
    }


def submission() -> dict[str, Any]:
    return {
        "submission": {
            "title": "流量超出套餐后的解释与流量包推荐",
            "kind": "script",
            "state": "in_review",
            "url": "#",
            "version_label": "第 2 稿（1.1 之后）",
            "author": "周晓雯",
            "co_authors": [],
            "edit_url": "#",
            "withdraw_url": "#",
            "submit_url": "#",
        },
        "may": {"edit": True, "withdraw": True, "submit": False},
        "now": {"stage": "品质管理", "who": "陈志远、徐曼", "due_at": at(hours=-3)},
        "stages": stages(1, "陈志远、徐曼"),
        "trail": trail(),
        "texts": [{"label": "推荐说法", "html": render(SAY)}, {"label": "正文", "html": render(BODY)}],
        "returned": None,
    }


def mine() -> dict[str, Any]:
    rows = home_rep()["rep"]["submissions"]
    return {
        "page": page_of(
            [{**r, "changed_at": at(hours=3), "points": "6.00" if r["state"] == "published" else None} for r in rows], 3
        ),
        "filters": {"state": ""},
        "counts": {"all": 3, "draft": 0, "in_review": 1, "returned": 1, "published": 1},
    }


def inbox() -> dict[str, Any]:
    return {
        "page": page_of(inbox_items(), 41),
        "counts": {"all": 41, "overdue": 1, "today": 4},
        "filters": {"kind": "", "role": "", "due": ""},
        "kinds": [("script", "话术"), ("faq", "常见问题")],
        "roles": [("qa", "品质管理"), ("business", "业务管理")],
    }


def review(new: bool) -> Context:
    def build() -> dict[str, Any]:
        return {
            "task": {
                "id": 7,
                "version": 3,
                "stage": "qa",
                "role": "qa",
                "due_at": at(hours=-3),
                "due_look": "soon",
                "round": 2,
                "decidable": True,
            },
            "live": None if new else {"url": "#", "version": "1.1"},
            "beside": {
                "changes": []
                if new
                else [{"name": c.name, "label": c.label, "remarks": [], "shown": c.shown} for c in CHANGES],
                "texts": [],
                "rest": [],
            },
            "unchanged": ["场景", "避免说法"],
            "submission": {
                "title": "流量超出套餐后的解释与流量包推荐",
                "kind": "script",
                "author": "周晓雯",
                "author_team": "前台一班",
                "submitted_at": at(hours=20),
                "significance": "major",
                "reason": "12 月资费调整，旧的价格会误导客户。",
                "state": "in_review",
                "url": "#",
            },
            "texts": [
                {"name": "scenario", "label": "场景", "html": render("客户因套餐外流量产生费用来电，账单已核实无误。")},
                {"name": "say", "label": "推荐说法", "html": render(SAY)},
                {"name": "body", "label": "正文", "html": render(BODY)},
            ],
            "remarks": [
                {
                    "actor": "林若溪",
                    "stage": "业务管理",
                    "at": at(days=3),
                    "text": "加油包价格已经调整，请按 11 月的资费写。",
                }
            ],
            "checklist": [
                {"key": "polite", "question": "语气尊重，没有责备客户", "weight": 30},
                {"key": "qbq", "question": "回应了问题背后的问题", "weight": 40},
                {"key": "short", "question": "一口气能读完", "weight": 30},
            ],
            "stages_back": [("business", "业务管理")],
            "stages": stages(1, "陈志远、徐曼"),
            "trail": trail(),
            "similar": [{"title": "套餐外流量怎样计费？", "url": "#", "note": "常见问题，62 % 相似"}],
            "record": {"approved": 34, "returned": 5, "note": "最近 10 条一次通过 9 条"},
            "decide_url": "#",
            "next_item": {"title": "健保卡读不到时的第一句话", "url": "#"},
            "place": {"number": 1, "total": 12},
        }

    return build
