"""Sample contexts of scorecards and quizzes."""

from decimal import Decimal
from typing import Any

from core import charts
from tools.gallery_samples import Context


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
