"""Questions drafted from texts: the same every time, with one right option that the question does not give away."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.people import actor_of
from core.db import reading, session, writing
from wiki.training import ops
from wiki.training.drafting import Draft, Text, drafts
from wiki.training.models import Course, Question

TABLE = """## 时限

| 级别 | 首次回复 | 谁负责 |
| --- | --- | --- |
| 一般 | 24 小时 | 投诉专席 |
| 严重 | 4 小时 | 前台督导 |
| 重大 | 2 小时 | 业务管理 |
"""
CASES = """请看是哪一种：

- **充值后未用**：核实凭证后退回原账户。
- **对方已经用掉**：征得对方同意后退还。
- **充到其他运营商**：请联系付款平台处理。
"""
WAYS = [{"label": "通过", "id": "b"}, {"label": "可疑", "id": "c"}]
STEPS = [
    {
        "id": "a",
        "text": "核对账户",
        "role": "首层代表",
        "next": [{"label": "通过", "id": "b"}, {"label": "可疑", "id": "c"}],
    },
    {"id": "b", "text": "营业厅持证办理", "role": "营业厅", "next": []},
    {"id": "c", "text": "视频再看一次", "role": "二线代表", "next": [{"label": "", "id": "d"}]},
    {"id": "d", "text": "报反诈专岗", "role": "业务管理", "next": []},
]
words = st.text(st.sampled_from(list("话费账单流量宽带退订投诉一二三四 0123456789GB天元。，：|*-#\n“”")), max_size=60)


def asked(text: Text, **about: Any) -> list[Draft]:
    found = drafts(text, **about)
    assert found == drafts(text, **about), "the same text gives the same questions"
    for one in found:
        question = one.question
        texts = [option.text for option in question.options]
        right = next(option.text for option in question.options if option.id == question.key[0])
        assert 3 <= len(texts) == len(set(texts)) <= 4
        assert right not in question.text
        assert question.passage
    assert len({one.code for one in found}) == len(found)
    return found


def right_of(draft: Draft) -> str:
    return next(option.text for option in draft.question.options if option.id == draft.question.key[0])


SHAPES = [
    (Text("投诉升级", {}, TABLE), "《投诉升级》：“严重”对应的“谁负责”是哪一项？", "前台督导"),
    (
        Text("充错号码", {"answer": CASES}, ""),
        "《充错号码》：关于“充到其他运营商”，哪一项正确？",
        "请联系付款平台处理。",
    ),
    (Text("核验", {"steps": STEPS}, ""), "《核验》：做到“核对账户”，结果是“可疑”，下一步是什么？", "视频再看一次"),
    (Text("核验", {"steps": STEPS}, ""), "《核验》：“报反诈专岗”这一步由谁来做？", "业务管理"),
    (
        Text("發票", {"answer": "開錯的發票請在當月作廢，跨月之後要等 5 天才能補開。"}, ""),
        "《發票》：空格中應填什麼？「開錯的發票請在當月作廢，跨月之後要等 ____ 才能補開。」",
        "5 天",
    ),
    (
        Text("Refunds", {"answer": "A wrong payment can be returned within 24 hours after it was made."}, ""),
        "“Refunds”: what belongs into the gap? “A wrong payment can be returned within ____ after it was made.”",
        "24 hours",
    ),
]
SILENT = [
    Text("甲", {"situation": "那一次客户等了 30 分钟才接通，结果投诉到了上级部门。"}, ""),  # a case is no rule
    Text("10 元 5 GB", {"answer": "这个加油包只收一次费用，价格是 10 元，不会续订。"}, ""),  # the title says it
    Text("乙", {}, "系统每 60 秒暂存一次，所以最多会少掉最后一分钟的资料。"),  # the sentence says it
    Text("丙", {}, "| 问 | 答 |\n|---|---|\n| 能退吗？ | 不能退。 |\n| 多久到？ | 一分钟。 |\n| 谁能买？ | 本人。 |"),
    Text("丁", {}, "- **红灯亮**：红灯亮是光路断了。\n- **没有灯**：没有灯是断电。\n- **绿灯亮**：绿灯亮是正常。"),
]


@pytest.mark.usefixtures("app")
def test_each_shape_of_text_is_asked_in_its_own_language():
    for text, question, right in SHAPES:
        found = {one.question.text: right_of(one) for one in asked(text)}
        assert found.get(question) == right, found


@pytest.mark.usefixtures("app")
def test_what_gives_itself_away_is_not_asked():
    for text in SILENT:
        assert asked(text) == [], text.title


@pytest.mark.usefixtures("app")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words, words, st.lists(st.tuples(words, words), max_size=5))
def test_any_text_is_read_without_harm(title: str, body: str, rows: list[tuple[str, str]]):
    branches = [{"when": when, "say": say, "next": ""} for when, say in rows]
    asked(Text(title or "甲", {"branches": branches, "steps": [{"id": 1}], "answer": body}, body))


def test_a_trainer_takes_what_is_good(school, make, signed_in):
    trainer = make.user("training")
    course = school.course(by=trainer, lessons=0, published=False)
    with writing():
        found = session.get_one(Course, course.id)
        ops.add_lesson(found, actor_of(trainer), school.article("投诉升级", body=TABLE).slug)
        number = school.quiz(found).id
    browser, page = signed_in(trainer), f"/quizzes/{number}/drafts"
    assert "“严重”对应的“谁负责”是哪一项？" in browser.text(page)
    assert browser.submit(page, {}).status_code == 422, "nothing was ticked"
    codes = [one.code for one in drafts(Text("投诉升级", {}, TABLE))][:2]
    assert browser.submit(page, {"draft": codes}).location.endswith(f"/quizzes/{number}/edit#questions")
    with reading():
        made = session.scalars(sa.select(Question).where(Question.quiz_id == number, Question.article_id.is_not(None)))
        assert [one.passage.split(" | ")[0] in {"一般", "严重", "重大"} for one in made] == [True, True]
    again = browser.text(page)
    assert all(f'value="{code}"' not in again for code in codes), "what is asked already is not offered again"
