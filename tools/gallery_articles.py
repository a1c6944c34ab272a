"""Sample contexts of articles and their history."""

# ruff: noqa: E501 - sample sentences stay on their line; the row helper reads as a table

from datetime import date
from typing import Any

from core.markup import render
from tools.gallery_samples import BODY, SAY, at


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
