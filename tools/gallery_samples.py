"""What the samples of the gallery share, in Chinese as the product is used."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from core import clock
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


def page_of(items: list[Any], total: int, number: int = 1) -> Any:
    return SimpleNamespace(
        items=items, total=total, number=number, pages=max(1, -(-total // 30)), has_next=number * 30 < total
    )
