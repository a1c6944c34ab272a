"""Sample contexts of the home pages."""

from datetime import date
from typing import Any

from core import charts
from tools.gallery_samples import at, inbox_items, stages


def home_rep() -> dict[str, Any]:
    rep = {
        "popular": [
            {"label": t, "url": "#"} for t in ("套餐外流量", "携号转网", "健保卡读不到", "宽带移机", "国际漫游开通")
        ],
        "must_read": [
            {
                "title": "关于 12 月 1 日起调整套餐外流量单价的业务通告",
                "url": "#",
                "kind": "notice",
                "due_at": at(hours=2),
            },
            {"title": "春节值班期间投诉升级流程（临时）", "url": "#", "kind": "notice", "due_at": at(hours=-26)},
        ],
        "submissions": [
            {
                "title": "流量超出套餐后的解释与流量包推荐",
                "url": "#",
                "kind": "script",
                "state": "in_review",
                "stages": stages(1),
                "waiting_for": "品质管理",
                "due_at": at(hours=-3),
            },
            {
                "title": "老年客户听不清时的放慢语速话术",
                "url": "#",
                "kind": "best_practice",
                "state": "returned",
                "stages": stages(0, "周晓雯", "back"),
                "note": "请补上通话录音的编号，并说明为什么有效。",
            },
            {"title": "宽带移机需要几天？", "url": "#", "kind": "faq", "state": "published", "stages": stages(4)},
        ],
        "points": {"value": "46.50", "unit": "分", "note": "班组第 3，比上月同期多 12.00", "url": "#"},
        "quota": {"done": 38, "target": 150, "note": "按现在的速度，季末约 96 条", "url": "#"},
        "credits": {"done": 26, "target": 40, "note": "还差 14 学分", "url": "#"},
        "courses": [{"title": "新资费三天上手", "url": "#", "done": 3, "of": 5, "due_on": date(2026, 11, 30)}],
        "fresh": [
            {
                "title": "客户要求携号转出时的挽留与办理",
                "url": "#",
                "kind": "script",
                "version": "1.0",
                "at": at(minutes=40),
            },
            {"title": "健保卡过卡失败的三步排查", "url": "#", "kind": "sop", "version": "2.0", "at": at(hours=5)},
        ],
    }
    return {"today": date(2026, 11, 22), "rep": rep}


def home_reviewer() -> dict[str, Any]:
    return {
        "today": date(2026, 11, 22),
        "reviewer": {
            "total": 12,
            "overdue": 1,
            "due_today": 4,
            "items": inbox_items(),
            "week": {"decided": 31, "first_pass": "82 %", "median": "3.5 h", "url": "#"},
        },
    }


def home_trainer() -> dict[str, Any]:
    return {
        "today": date(2026, 11, 22),
        "trainer": {
            "changed": [
                {
                    "course": "新资费三天上手",
                    "course_url": "#",
                    "lesson": "套餐外流量怎样解释",
                    "article_url": "#",
                    "from_version": "1.0",
                    "to_version": "2.0",
                    "significance": "major",
                    "at": at(hours=4),
                    "learners": 36,
                },
                {
                    "course": "新人上岗第一周",
                    "course_url": "#",
                    "lesson": "核对身份的标准流程",
                    "article_url": "#",
                    "from_version": "3.0",
                    "to_version": "3.1",
                    "significance": "minor",
                    "at": at(days=1),
                    "learners": 12,
                },
            ],
            "behind": [
                {
                    "name": "刘洋",
                    "team": "前台二班",
                    "course": "新资费三天上手",
                    "url": "#",
                    "done": 1,
                    "of": 5,
                    "due_on": date(2026, 11, 20),
                    "late": True,
                },
                {
                    "name": "赵敏",
                    "team": "前台二班",
                    "course": "新人上岗第一周",
                    "url": "#",
                    "done": 6,
                    "of": 8,
                    "due_on": date(2026, 11, 25),
                    "late": False,
                },
            ],
        },
    }


def home_supervisor() -> dict[str, Any]:
    people = [
        ("刘洋", 3, 1, 0, "4.00", 1, "有三份通告未读"),
        ("赵敏", 1, 4, 2, "18.50", 6, ""),
        ("周晓雯", 2, 9, 6, "46.50", 3, ""),
        ("孙静怡", 0, 12, 9, "71.00", 5, "可以带新人"),
    ]
    return {
        "today": date(2026, 11, 22),
        "supervisor": {
            "team": "前台一班",
            "stats": {"unread": 6, "submitted": 26, "approved": 17, "points": "140.00"},
            "people": [
                {
                    "name": n,
                    "url": "#",
                    "to_read": r,
                    "submitted": s,
                    "approved": a,
                    "points": p,
                    "courses_done": c,
                    "courses_of": 8,
                    "note": note,
                }
                for n, r, s, a, p, c, note in people
            ],
        },
    }


def home_manager() -> dict[str, Any]:
    months = ["6月", "7月", "8月", "9月", "10月", "11月"]
    return {
        "today": date(2026, 11, 22),
        "manager": {
            "stats": [
                {"label": "本月发布", "value": "128", "unit": "条", "note": "上月 104 条", "url": "#"},
                {"label": "从申报到发布", "value": "1.8", "unit": "天", "note": "一半在此之内", "url": "#"},
                {"label": "一次通过率", "value": "76 %", "unit": "", "note": "目标 80 %", "url": "#"},
                {"label": "通话中已用", "value": "3,412", "unit": "次", "note": "本月", "url": "#"},
            ],
            "spiral": [
                {"name": n, "count": c, "note": t, "url": "#"}
                for n, c, t in (
                    ("共同化", 64, "讨论与标杆"),
                    ("外显化", 212, "申报、话术、录音分析"),
                    ("组合化", 128, "评审与发布"),
                    ("内化", 1904, "已读、测验、通话使用"),
                )
            ],
            "flow": [
                {
                    "stage": "业务管理",
                    "waiting": 9,
                    "overdue": 0,
                    "oldest_at": at(hours=6),
                    "median": "2.1 h",
                    "bottleneck": False,
                    "url": "#",
                },
                {
                    "stage": "品质管理",
                    "waiting": 31,
                    "overdue": 7,
                    "oldest_at": at(days=3),
                    "median": "19 h",
                    "bottleneck": True,
                    "url": "#",
                },
                {
                    "stage": "培训管理",
                    "waiting": 6,
                    "overdue": 1,
                    "oldest_at": at(hours=30),
                    "median": "5.4 h",
                    "bottleneck": False,
                    "url": "#",
                },
                {
                    "stage": "前台督导",
                    "waiting": 4,
                    "overdue": 0,
                    "oldest_at": None,
                    "median": "1.2 h",
                    "bottleneck": False,
                    "url": "#",
                },
            ],
            "gaps": [
                {"query": "亲情网怎么退", "times": 23, "url": "#"},
                {"query": "电子发票 抬头改", "times": 17, "url": "#"},
                {"query": "eSIM 手表", "times": 9, "url": "#"},
            ],
            "chart_title": "每月发布",
            "chart": charts.bar(
                [64, 81, 77, 96, 104, 128],
                months,
                title="每月发布的条数",
                desc="从 6 月的 64 条升到 11 月的 128 条",
                target=100,
            ),
        },
    }
