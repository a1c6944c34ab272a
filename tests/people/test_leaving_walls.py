"""Leaving is no way around anything: whom one may disable, what is named to whom, whose draft goes to whom."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.models import User
from core import clock
from core.db import reading, session, writing
from core.errors import Invalid
from core.permissions import allowed, can
from tests.people.conftest import FRIDAY, NOON
from wiki.kpi import ops
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_rules import ActionState
from wiki.kpi.models import Indicator, SubjectKind
from wiki.people import interviews, leaving
from wiki.people.holdings import held
from wiki.people.leaving_models import Leaving
from wiki.people.leaving_rules import (
    Sort,
)
from wiki.people.permissions import P
from wiki.training import ops as teaching


def test_marking_somebody_is_no_way_to_disable_who_stands_above(house):
    with clock.fixed(NOON), writing():
        chief = house.make.user("manager", username="chief", name="Chief", team="billing").id
        other = house.make.user("admin", username="other", name="Other").id
        with pytest.raises(Invalid) as refused:
            leaving.mark(house["sue"], chief, FRIDAY, disable=True)
        assert "disable" in refused.value.errors
        row = leaving.mark(house["sue"], chief, FRIDAY, disable=False)
        with pytest.raises(Invalid):
            leaving.change(row, house["sue"], FRIDAY, disable=True)
        leaving.change(row, house["boss"], FRIDAY, disable=True)
        with pytest.raises(Invalid):
            leaving.mark(house["boss"], other, FRIDAY, disable=True)
        assert leaving.mark(house["root"], other, FRIDAY, disable=True).disable


def test_what_a_leaver_holds_is_named_as_far_as_its_own_page_would(house):
    with clock.fixed(NOON), writing():
        ops.ensure_defaults()
        ann = house["ann"]
        teaching.create_course(ann, teaching.CourseSpec("Not opened yet"))
        action = KpiAction(
            indicator_id=session.scalars(sa.select(Indicator.id)).first(), subject_kind=SubjectKind.PERSON,
            subject_id=house.ids["bob"], period="2026-10", what="Sit beside Bob", owner_id=ann.id, due_on=FRIDAY,
            state=ActionState.OPEN, made_at=clock.now(), made_by_id=house.ids["boss"],
        )  # fmt: skip
        session.add(action)
        session.flush()
        leaver = session.get_one(User, ann.id)
        said = {name: {one.title for one in held(leaver, house[name]).rows} for name in ("ann", "boss", "sue", "tom")}
        assert said["ann"] == said["boss"] == {"Not opened yet", "Sit beside Bob"}
        assert said["sue"] == {"Course", "Action on a missed figure"}
        assert said["tom"] == {"Not opened yet", "Action on a missed figure"}  # who teaches sees courses


def test_whoever_marks_somebody_does_not_give_themselves_their_draft(house):
    with clock.fixed(NOON), writing():
        ann, sue = house["ann"], house["sue"]
        draft = house.make.submission(ann, title="Half done", submitted=False)
        row = leaving.mark(sue, ann.id, FRIDAY, disable=False)
        count, refused = leaving.hand_on(row, sue, {(Sort.DRAFT, draft.id): sue.id})
        assert (count, list(refused)) == (0, [(Sort.DRAFT, draft.id)])
        assert leaving.hand_on(row, ann, {(Sort.DRAFT, draft.id): sue.id}) == (1, {})  # its author may
        leaving.undo(row, sue)
        again = leaving.mark(sue, ann.id, FRIDAY, disable=False)
        with clock.fixed(NOON + timedelta(days=4)):
            leaving.end_last_days()
            assert leaving.hand_on(again, sue, {(Sort.DRAFT, draft.id): sue.id}) == (1, {})  # who else would


def test_a_question_with_an_endless_number_is_no_error_of_ours(house, signed_in):
    with clock.fixed(NOON):
        with writing():
            row = leaving.mark(house["sue"], house.ids["ann"], FRIDAY, disable=False)
            interviews.ask_for(row, house["sue"], house.ids["tom"])
        with reading():
            tom = session.get_one(User, house.ids["tom"])
        page = f"/people/leaving/{row.id}/interview"
        assert signed_in(tom).submit(page, {"answer-" + "9" * 5000: "x"}).status_code == 303


def test_lists_show_exactly_what_each_may_see(house):
    with writing():
        with clock.fixed(NOON):
            rows = [leaving.mark(house["boss"], house.ids[name], FRIDAY, disable=False) for name in ("ann", "bob")]
            interviews.ask_for(rows[0], house["boss"], house.ids["tom"])
        for name in house.ids:
            actor = house[name]
            listed = set(session.scalars(sa.select(Leaving.id).where(allowed(actor, P.SEE_LEAVING))))
            assert listed == {row.id for row in rows if can(actor, P.SEE_LEAVING, row)}, name
