"""The pages of the gallery, each with its template and its sample context."""

from typing import Any

from wtforms import BooleanField, Form, PasswordField, StringField

from tools.gallery_articles import (
    article_faq,
    article_notice,
    article_product,
    article_script,
    article_sop,
    history,
    show,
)
from tools.gallery_homes import home_manager, home_rep, home_reviewer, home_supervisor, home_trainer
from tools.gallery_learning import quiz, scorecard
from tools.gallery_samples import Context, at, page_of
from tools.gallery_work import diff, edit, inbox, mine, review, submission


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
