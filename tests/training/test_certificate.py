"""Whoever holds the code of a certificate sees that it is genuine, and nothing of what was taught."""

import re

from accounts.people import actor_of
from core.db import session, writing
from wiki.training.learning import confirm
from wiki.training.models import Course


def test_a_certificate_is_found_under_its_code(school, make, signed_in, client):
    course, rep = school.course(lessons=1, quiz=False), make.user("rep", name="陈雨")
    browser = signed_in(rep)
    assert "/certificates/" not in browser.text(f"/courses/{course.slug}"), "not before it is completed"
    with writing():
        confirm(session.get_one(Course, course.id).lessons[0], actor_of(rep))
    code = re.search(r'/certificates/([0-9a-f]{16})"', browser.text(f"/courses/{course.slug}"))[1]
    page = client.text(f"/certificates/{code}")
    assert "陈雨" in page
    assert "Broadband for beginners" in page
    assert "Article 1" not in page, "what was taught stays inside"
    assert client.get(f"/certificates/{code.upper()}").status_code == 200, "as somebody may type it"
    other = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert "letter by letter" in client.text(f"/certificates/{other}", status=404)
    assert "/certificates/" not in signed_in(make.user("rep")).text(f"/courses/{course.slug}")
