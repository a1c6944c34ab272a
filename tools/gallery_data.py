"""Sample contexts for the gallery, in Chinese as the product is used."""

# ruff: noqa: E501 - sample sentences stay on their line; the row helper reads as a table

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from wtforms import BooleanField, Form, PasswordField, StringField

from core import charts, clock
from core.markup import render
from wiki.articles.comparing import Look
from wiki.articles.diff import Change, rows

Context = Callable[[], dict[str, Any]]

SAY = """1. “我看到流量主要是 8 号到 10 号用掉的，三天一共 6.4 GB，您回想一下那几天是不是出门在外？”
2. “家里有宽带也会跑流量的，常见的是手机离路由器远，自动切回了移动网络。您打开设置，看‘无线局域网助理’是不是开着。”
3. “这个月还有 9 天，按您平时每天 0.6 GB 算，大概还差 5 GB。10 元 5 GB 的加油包正好够，月底自动失效，不会续订。”
"""
BODY = """## 算给客户听

推荐之前一定先算：**剩余天数 × 日均用量 − 剩余流量**。结果不足 1 GB 时，*不推荐*，提醒即可。

| 估算缺口 | 建议 |
| --- | --- |
| 小于 1 GB | 不推荐，打开用量提醒 |
| 1–5 GB | 10 元 5 GB 加油包，当月有效 |
| 连续三个月都有缺口 | 讲清差价后建议变更套餐 |

## 必须说清的三句话

1. 当月有效还是长期有效；
2. 到期是否自动续订；
3. 套餐外已经产生的费用**不能**用加油包抵扣。

> 客户真正想要的是控制感，而不是一个更大的套餐。
"""


def at(**back: float) -> Any:
    return clock.now() - timedelta(**back)


def stages(now: int, who: str = "品质管理组", state: str = "now") -> list[dict[str, Any]]:
    names = ["业务管理", "品质管理", "培训管理", "前台督导"]
    done = ["林若溪", "陈志远", "吴佳宁", "何卫东"]
    rows: list[dict[str, Any]] = []
    for i, name in enumerate(names):
        if i < now:
            rows.append({"name": name, "state": "done", "who": done[i], "at": at(days=3 - i)})
        elif i == now:
            rows.append(
                {
                    "name": name,
                    "state": state,
                    "who": who,
                    "due_at": clock.now() + timedelta(hours=3),
                    "due_look": "soon",
                }
            )
        else:
            rows.append({"name": name, "state": "waiting"})
    return rows


def trail() -> list[dict[str, Any]]:
    return [
        {"at": at(days=4), "actor": "周晓雯", "verb": "submit", "stage": "", "revision": 1, "note": ""},
        {
            "at": at(days=3),
            "actor": "林若溪",
            "verb": "send_back",
            "stage": "业务管理",
            "revision": 1,
            "note": "加油包价格已经调整，请按 11 月的资费写。",
        },
        {"at": at(days=2), "actor": "周晓雯", "verb": "submit", "stage": "", "revision": 2, "note": ""},
        {"at": at(hours=20), "actor": "林若溪", "verb": "approve", "stage": "业务管理", "revision": 2, "note": ""},
    ]


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


def inbox_items() -> list[dict[str, Any]]:
    rows = [
        ("流量超出套餐后的解释与流量包推荐", "script", "周晓雯", "前台一班", -2, "late", False, "major", 2),
        ("关于 12 月 1 日起调整套餐外流量单价的业务通告", "notice", "林若溪", "业务管理", 1, "soon", True, "major", 1),
        ("健保卡读不到时的第一句话", "script", "张怡君", "醫療客服", 3, "soon", True, "major", 1),
        ("宽带移机需要几天？", "faq", "刘洋", "前台二班", 7, "", True, "major", 1),
        ("携号转网资格查询流程", "sop", "何卫东", "前台一班", 9, "", False, "minor", 1),
        ("国际漫游开通前必须提醒的三件事", "best_practice", "赵敏", "前台二班", 22, "", True, "major", 1),
        ("5G 畅享套餐（128 元）产品知识", "product", "林若溪", "业务管理", 30, "", False, "typo", 1),
    ]
    return [
        {
            "url": "/review",
            "title": t,
            "kind": k,
            "author": a,
            "author_team": team,
            "stage": "qa",
            "role": "qa",
            "due_at": clock.now() + timedelta(hours=h, minutes=5),
            "due_look": look,
            "new": new,
            "significance": sig,
            "submitted_at": at(hours=20 - h / 2),
            "round": r,
            "claimed_by": "陈志远" if h == 3 else None,
        }
        for t, k, a, team, h, look, new, sig, r in rows
    ]


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


def article(kind: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "slug": "x",
        "kind": kind,
        "title": title,
        "version": "2.0",
        "url": "#",
        "category": "流量与套餐",
        "category_url": "#",
        "services": ["流量查询", "加油包办理"],
        "tags": ["高频", "流量"],
        "author": "周晓雯",
        "co_authors": [],
        "approved_by": ["林若溪", "陈志远"],
        "published_at": date(2026, 11, 3),
        "audience": "internal",
        "owner": "业务管理",
        **more,
    }


def show(kind: str, title: str, fields: dict[str, Any], body: str = "", **more: Any) -> dict[str, Any]:
    texts: dict[str, Any] = {
        k: render(v)
        for k, v in fields.items()
        if isinstance(v, str) and k not in ("process_no", "effective_on", "effective_from")
    }
    if body:
        texts["body"] = render(body)
    if "branches" in fields:
        texts["branches"] = [{**b, "html": render(b["say"])} for b in fields["branches"]]
    return {
        "article": article(kind, title),
        "fields": fields,
        "texts": texts,
        "may": {"propose": True, "edit_url": "#"},
        "feedback": {"helpful": 41, "used": 126, "mine": "yes", "used_today": False, "url": "#"},
        "where_used": [
            {"title": "新资费三天上手", "url": "#", "what": "课程"},
            {"title": "宽带移机需要几天？", "url": "#", "what": "常见问题"},
        ],
        **more,
    }


def article_script() -> dict[str, Any]:
    return show(
        "script",
        "流量超出套餐后的解释与流量包推荐",
        {
            "scenario": "客户因套餐外流量产生费用来电，账单已核实无误，或者客户在月中收到“流量已用 100%”的短信后来电。",
            "customer_says": "“我又没怎么用，流量怎么就没了？”“我家里有宽带的，怎么会跑流量？”",
            "qbq": "客户担心的是**手机在自己不知道的时候偷跑流量**，想要的是控制感，而不是一个更大的套餐。",
            "say": SAY,
            "avoid": "- “现在谁还用这么小的套餐呀。”\n- 没有算过用量就推荐最大的流量包。\n- 把当月有效的加油包说成“每个月都有”。",
            "closing": "“我再帮您打开 80% 用量提醒，下次快用完时您会先收到短信，要不要加由您决定。”",
            "branches": [
                {
                    "when": "“那你把多收的钱退给我。”",
                    "say": "“我理解您的心情。账单我逐条核对过，这部分是实际用到的流量；我可以马上帮您把提醒打开，避免再发生。”",
                    "next": "客户坚持，按投诉升级流程",
                },
                {
                    "when": "“好吧，那就加一个。”",
                    "say": "“好的，10 元 5 GB，当月有效、到期自动失效，我现在为您办理，可以吗？”",
                    "next": "",
                },
            ],
        },
        BODY,
    )


def article_sop() -> dict[str, Any]:
    return show(
        "sop",
        "携号转网资格查询流程",
        {
            "process_no": "KF-SOP-031",
            "effective_on": "2026-11-01",
            "audit_every_months": 6,
            "scope": "适用于所有受理携号转出咨询的前台人员，**不适用**于物联网号码。",
            "duties": "- 前台：核实身份、查询、解释；\n- 业务管理：每月核对条件清单。",
            "steps": [
                {
                    "id": "a",
                    "text": "核实机主身份（姓名、证件后四位、服务密码）。",
                    "role": "客服代表",
                    "next": [{"label": "通过", "id": "b"}, {"label": "未通过", "id": "d"}],
                },
                {
                    "id": "b",
                    "text": "在系统查询携转资格，逐条读出不符合的条件。",
                    "role": "客服代表",
                    "next": [{"label": "符合", "id": "c"}],
                },
                {"id": "c", "text": "告知授权码有效期 30 天，到携入方营业厅办理。", "role": "客服代表", "next": []},
                {"id": "d", "text": "请客户带有效证件到营业厅办理，记录来电原因。", "role": "客服代表", "next": []},
            ],
            "records": "查询记录保存 6 个月。",
        },
    )


def article_notice() -> dict[str, Any]:
    return show(
        "notice",
        "关于 12 月 1 日起调整套餐外流量单价的业务通告",
        {
            "effective_from": "2026-12-01 00:00",
            "effective_to": None,
            "acknowledge_by": "2026-11-28 18:00",
            "audience_ack": "全体前台",
        },
        "自 12 月 1 日零时起，套餐外流量单价由 5 元/GB 调整为 3 元/GB。\n\n- 已订购加油包的客户不受影响；\n- 11 月 30 日 24 时前产生的流量按原单价计费。",
        notice={"acknowledged_at": None, "ack_url": "#", "must": True},
    )


def article_product() -> dict[str, Any]:
    return show(
        "product",
        "5G 畅享套餐（128 元）",
        {
            "department_text": "根据市场部〔2026〕118 号文，5G 畅享 128 档含国内通用流量 30 GB、国内主叫 500 分钟，套外资费按标准执行，合约期 12 个月，违约金按剩余期数计收。",
            "customer_text": "每月 128 元，30 GB 流量、500 分钟通话，全国都能用。用一年，提前退要付违约金。用超了每 GB 3 元，可以随时加油包。",
            "offer_ends_on": "2026-12-31",
            "source_ref": "市场部〔2026〕118 号",
        },
    )


def article_faq() -> dict[str, Any]:
    return show(
        "faq",
        "宽带移机需要几天？",
        {
            "question": "“我要搬家了，宽带移过去要几天？”",
            "answer": "同城移机一般 **3 个工作日**内上门，跨区 5 个工作日。移机期间可以申请停机保号，不收月租。",
            "note": "新址没有资源时，先查小区覆盖，再登记预约。",
        },
    )


def history() -> dict[str, Any]:
    return {
        "article": article("script", "流量超出套餐后的解释与流量包推荐"),
        "versions": [
            {
                "version": "2.0",
                "live": True,
                "author": "周晓雯",
                "approvals": [{"name": n, "stage": "品质管理", "at": at(days=2)} for n in ("林若溪", "陈志远")],
                "published_at": at(days=2),
                "significance": "major",
                "reason": "资费调整，算法改为按剩余天数估算",
                "url": "#",
            },
            {
                "version": "1.1",
                "live": False,
                "author": "刘洋",
                "approved_by": ["林若溪"],
                "published_at": at(days=40),
                "significance": "typo",
                "reason": "错别字",
                "url": "#",
            },
            {
                "version": "1.0",
                "live": False,
                "author": "刘洋",
                "approved_by": ["林若溪", "陈志远"],
                "published_at": at(days=90),
                "significance": "major",
                "reason": "",
                "url": "#",
            },
        ],
    }


CHANGES = [
    Change("title", "标题", rows("流量超出套餐后的解释与套餐推荐", "流量超出套餐后的解释与流量包推荐")),
    Change(
        "say", "推荐说法", rows(SAY, SAY.replace("10 元 5 GB 的加油包正好够", "正好够用的是 10 元 5 GB 的加油包")), True
    ),
    Change(
        "body",
        "正文",
        rows(BODY, BODY.replace("小于 1 GB", "小于 2 GB").replace("，当月有效", "，当月有效，不续订")),
        True,
    ),
]


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


def page_of(items: list[Any], total: int, number: int = 1) -> Any:
    return SimpleNamespace(
        items=items, total=total, number=number, pages=max(1, -(-total // 30)), has_next=number * 30 < total
    )


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


def scorecard() -> dict[str, Any]:
    def row(
        name: str,
        weight: int,
        target: str,
        value: str | None,
        score: str | None,
        look: str,
        source: str,
        parts: tuple[str, str] = ("", ""),
        check: str = "",
    ) -> dict[str, Any]:
        return {
            "name": name,
            "weight": weight,
            "target": target,
            "value": value,
            "numerator": parts[0],
            "denominator": parts[1],
            "score": score,
            "look": look,
            "source": source,
            "source_url": "#",
            "check": check,
        }

    return {
        "card": {
            "subject": "周晓雯",
            "period": "2026-11",
            "period_label": "2026 年 11 月",
            "state": "open",
            "total": "88.42",
            "covered": 82,
            "prev_url": "#",
            "next_url": None,
            "note": "",
            "export_url": "#",
        },
        "perspectives": [
            {
                "name": "客户",
                "weight": 50,
                "score": "96.30",
                "indicators": [
                    row("一天内结案率", 40, "94 %", "91.2 %", "97.02", "", "导入的读数", ("228", "250")),
                    row("满意度", 20, "85 %", "89.0 %", "104.71", "ok", "导入的读数", ("89", "100")),
                ],
            },
            {
                "name": "内部流程（知识管理）",
                "weight": 20,
                "score": "64.00",
                "indicators": [
                    row("知识库审核通过条数（季）", 100, "150", "96", "64.00", "warn", "积分明细", check="按进度")
                ],
            },
            {
                "name": "学习与成长",
                "weight": 30,
                "score": "92.86",
                "indicators": [
                    row("培训学分（半年）", 70, "40", "26", "65.00", "bad", "学分"),
                    row("优秀员工流失率", 30, "10 %", None, None, "", "导入的读数"),
                ],
            },
        ],
        "radar": charts.radar(
            [charts.Series("本月", [96, 64, 93, 88])], ["客户", "内部流程", "学习", "总分"], title="各维度得分"
        ),
        "trend": charts.line(
            [
                charts.Series("周晓雯", [71, 74, None, 82, 85, Decimal("88.42")]),
                charts.Series("班组平均", [76, 75, 78, 80, 79, 81]),
            ],
            ["6月", "7月", "8月", "9月", "10月", "11月"],
            title="六个月的总分",
            target=100,
        ),
    }


def quiz(done: bool) -> Context:
    def build() -> dict[str, Any]:
        return {
            "quiz": {
                "title": "新资费小测",
                "course": "新资费三天上手",
                "course_url": "#",
                "action": "#",
                "pass_mark": 80,
                "attempt": 1,
                "attempts_allowed": 3,
            },
            "questions": [
                {
                    "id": 1,
                    "type": "single",
                    "text": "客户还有 9 天、日均 0.6 GB，剩余流量 0.4 GB，应当推荐什么？",
                    "options": [
                        {"id": 1, "text": "不推荐，打开提醒", "chosen": done, "right": False},
                        {"id": 2, "text": "10 元 5 GB 加油包", "chosen": False, "right": done},
                        {"id": 3, "text": "变更到更大的套餐", "chosen": False, "right": False},
                    ],
                    "because": "9 × 0.6 − 0.4 = 5.0 GB，正好一个 5 GB 加油包。" if done else "",
                },
                {
                    "id": 2,
                    "type": "multiple",
                    "text": "办理加油包前必须说清哪几句？",
                    "options": [
                        {"id": 1, "text": "当月有效还是长期有效", "chosen": done, "right": done},
                        {"id": 2, "text": "到期是否自动续订", "chosen": done, "right": done},
                    ],
                },
                {
                    "id": 3,
                    "type": "order",
                    "text": "排出核对账单的顺序",
                    "options": [
                        {"id": 1, "text": "核实身份"},
                        {"id": 2, "text": "查用量明细"},
                        {"id": 3, "text": "解释并致谢"},
                    ],
                },
                {"id": 4, "type": "fill", "text": "12 月起套餐外流量每 GB 多少元？", "answer": "3" if done else ""},
            ],
            "result": {"score": 75, "passed": False, "credits": 0, "again_url": "#", "right": 3, "of": 4}
            if done
            else None,
        }

    return build


class LoginForm(Form):
    username = StringField("用户名")
    password = PasswordField("密码")
    remember = BooleanField("在这台电脑上记住我")

    @property
    def hidden_tag(self) -> Any:
        return None


PAGES: dict[str, tuple[str, Context]] = {
    "home-rep": ("home/show.html", home_rep),
    "home-reviewer": ("home/show.html", home_reviewer),
    "home-trainer": ("home/show.html", home_trainer),
    "home-supervisor": ("home/show.html", home_supervisor),
    "home-manager": ("home/show.html", home_manager),
    "article-script": ("articles/show.html", article_script),
    "article-sop": ("articles/show.html", article_sop),
    "article-notice": ("articles/show.html", article_notice),
    "article-product": ("articles/show.html", article_product),
    "article-faq": ("articles/show.html", article_faq),
    "article-best": (
        "articles/show.html",
        lambda: show(
            "best_practice",
            "老年客户听不清时，先复述再放慢",
            {
                "situation": "客户 72 岁，三次没听清资费说明，语气开始急。",
                "action": "先复述客户的话，再把语速放到每分钟 140 字，一次只说一件事。",
                "why_it_worked": "客户先被听懂，才听得进解释。",
                "evidence": "录音 20261103-0417，客户评价“非常满意”。",
            },
        ),
    ),
    "article-history": ("articles/history.html", history),
    "article-diff": ("articles/diff.html", diff("inline")),
    "article-diffside": ("articles/diff.html", diff("side")),
    "article-edit": ("articles/edit.html", edit),
    "submission": ("submissions/show.html", submission),
    "mine": ("submissions/mine.html", mine),
    "inbox": ("reviews/inbox.html", inbox),
    "inbox-empty": ("reviews/inbox.html", lambda: {**inbox(), "page": page_of([], 0)}),
    "review": ("reviews/show.html", review(False)),
    "review-new": ("reviews/show.html", review(True)),
    "moved": (
        "reviews/moved.html",
        lambda: {
            "by": "陈志远",
            "at": at(minutes=2),
            "verb": "approve",
            "note": "写得很好，可以直接上线。",
            "submission": {"title": "流量超出套餐后的解释", "url": "#", "state": "in_review", "stage": "培训管理"},
            "typed_note": "第二步建议再短一点。",
            "next_item": {"title": "健保卡读不到时的第一句话", "url": "#"},
        },
    ),
    "scorecard": ("kpi/scorecard.html", scorecard),
    "course-quiz": ("training/quiz.html", quiz(False)),
    "course-result": ("training/quiz.html", quiz(True)),
    "refused": (
        "errors/refused.html",
        lambda: {
            "status": 403,
            "code": "forbidden",
            "sentence": "这一步由品质管理决定。",
            "request_id": "a4f1c09b2e77d310",
        },
    ),
    "parts": ("parts.html", dict),
    "search-overlay": ("overlay.html", dict),
    "login": ("accounts/login.html", lambda: {"form": LoginForm(), "actor": None, "menu_entries": [], "reason": None}),
}
