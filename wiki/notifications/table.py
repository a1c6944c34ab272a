"""The table: from an event to who hears of it, by which way, and in which words. Nothing is told that has no row here.

Read a row like a sentence: *when this happened* (``event``, ``when``), *these people* (``audience``) are told *this*
(``subject``, ``body``), about *that thing* (``facts``: where the link leads, and what stands in the words). ``mail``
is what is recommended; each person chooses per group, except of what is ``urgent``. ``deputies``: those who stand in
for somebody who is away hear it too. ``docs/notices.md`` is printed from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.events import AbsenceChanged
from core.i18n import _l
from wiki.articles.events import (
    ArticlePublished,
    ArticleRetired,
    EmergencyAsked,
    EmergencyClosed,
    ExpiryNear,
    OwnershipFell,
    ProvisionalConfirmed,
    PublicationScheduled,
    PublishedBeforeReview,
    RevisionSaved,
    RolledBack,
    VerificationDue,
)
from wiki.feedback.events import FlagMoved, FlagOverdue, FlagRaised, HelpfulVoted
from wiki.kpi.cuika_events import ActionClosed, ActionDue, ActionMade
from wiki.kpi.events import AppealAnswered, AppealRaised
from wiki.notifications import asked, facts, leaving, shares
from wiki.notifications import audiences as who
from wiki.notifications.conditions import (
    always,
    approved,
    asks_to_confirm,
    back_to_keeper,
    handed_in,
    handed_over,
    is_late,
    is_near,
    is_not_urgent,
    is_urgent,
    moved_on,
    new_round,
    nobody_did,
    not_signed,
    overtaken,
    rejected,
    returned,
    sent_to_stage,
    somebody_did,
    to_reporter,
    unhelpful,
    was_dropped,
    was_sent_back,
    was_signed,
    was_written,
    withdrawn,
)
from wiki.notifications.rules import Group, Mail
from wiki.people.events import HandoverAsked, HandoverDeclined, LeavingMarked, LeavingUndone, PersonLeft
from wiki.scoring.events import SharesProposed, SharesRefused
from wiki.search.events import WritingAsked, WritingClosed, WritingOverdue
from wiki.training.events import (
    CourseAssigned,
    CourseRenewed,
    LessonOutdated,
    LessonRenewed,
    MustReadAsked,
    MustReadDue,
    MustReadOverdue,
    QuestionsSuspended,
    TaskJudged,
    TaskSaidDone,
)
from workflows import events

Condition = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Notice:
    """One row. ``subject`` and ``body`` are lazy texts with named places for the values of ``facts``."""

    code: str
    event: type
    when: Condition
    audience: Callable[[Any], set[int]]
    facts: Callable[[Any], facts.Fact | None]
    group: Group
    mail: Mail
    subject: Any
    body: Any
    urgent: bool = False
    deputies: bool = False


AT_ONCE, DIGEST = Mail.AT_ONCE, Mail.DIGEST
WAITS, MINE, REMARKS, TRAINING, TEAM = Group

# fmt: off
TABLE: tuple[Notice, ...] = (
    # ── waits for me ─────────────────────────────────────────────────────────────────────────────────────────────────
    # a whole pool hears of each item that comes in: by mail once a day, unless somebody wants it at once
    Notice("task_opened", events.TaskOpened, always, who.deciders, facts.task, WAITS, DIGEST,
           _l("«%(title)s» waits for you"),
           _l("%(kind)s by %(authors)s. Stage: %(stage)s. %(due)s."), deputies=True),
    Notice("handed_over", events.TaskClaimed, handed_over, who.new_holder, facts.task, WAITS, AT_ONCE,
           _l("«%(title)s» was handed to you"),
           _l("%(who)s asks you to decide it. Stage: %(stage)s. %(due)s."), deputies=True),
    Notice("taken_away", events.TaskClaimed, handed_over, who.former_holder, facts.taken, WAITS, DIGEST,
           _l("«%(title)s» was handed from you to %(to)s"),
           _l("%(who)s did it. There is nothing left for you to do.")),
    Notice("task_reminded", events.TaskReminded, always, who.deciders, facts.task, WAITS, AT_ONCE,
           _l("«%(title)s» is due soon"),
           _l("Nobody has decided it yet. Stage: %(stage)s. %(due)s."), deputies=True),
    Notice("expert_asked", events.ExpertAsked, always, who.asked_expert, facts.task, WAITS, AT_ONCE,
           _l("%(who)s asks for your opinion on «%(title)s»"),
           _l("Question: %(note)s")),
    Notice("interrupted", events.ReviewMoved, overtaken, who.interrupted, facts.move, WAITS, AT_ONCE,
           _l("«%(title)s» no longer waits for you"),
           _l("%(who)s was first: it was decided, changed or withdrawn while it lay with you.")),
    Notice("writing_asked", WritingAsked, leaving.is_for_gap, asked.asked_writers, facts.writing, WAITS, AT_ONCE,
           _l("%(who)s asks for a text: «%(title)s»"),
           _l("Colleagues looked for it and did not find it. It is to be written by %(due_on)s. %(note)s")),
    Notice("interview_asked", WritingAsked, leaving.is_interview, asked.asked_writers, facts.writing, WAITS, AT_ONCE,
           _l("%(who)s asks you for an interview: «%(title)s»"),
           _l("Talk to them while they are there, and write down what they know. Until: %(due_on)s. %(note)s")),
    Notice("handover_asked", HandoverAsked, always, leaving.successor, leaving.handover, WAITS, AT_ONCE,
           _l("%(title)s leaves and hands something over to you"),
           _l("%(count)s things are to be yours. They are when you accept, or when the last day is over: %(due_on)s.")),
    Notice("handover_called_off", LeavingUndone, always, leaving.successors, leaving.called_off, WAITS, DIGEST,
           _l("%(title)s stays: there is nothing to take over"),
           _l("%(who)s undid it. What you have accepted already stays with you.")),
    Notice("writing_closed", WritingClosed, was_written, asked.who_asked_for_text, facts.writing, MINE, DIGEST,
           _l("Written: «%(title)s»"),
           _l("What you asked for can be found now.")),
    Notice("writing_dropped", WritingClosed, was_dropped, asked.asked_writers, facts.writing, WAITS, DIGEST,
           _l("«%(title)s» is not to be written any more"),
           "%(note)s"),
    Notice("writing_overdue", WritingOverdue, always, asked.around_writing, facts.writing, WAITS, DIGEST,
           _l("Still to be written: «%(title)s»"),
           _l("It was wanted by %(due_on)s. Write it, or say who can.")),
    Notice("task_said_done", TaskSaidDone, always, asked.signers, facts.course_task, WAITS, DIGEST,
           _l("«%(title)s» waits for you"),
           _l("%(who)s says that the task is done. Sign it off, or say what is missing.")),
    Notice("action_made", ActionMade, always, who.action_owner, facts.action, WAITS, AT_ONCE,
           _l("%(who)s asks you to act: «%(title)s»"),
           _l("A figure missed its target, and this is to be done about it. Until: %(due_on)s.")),
    Notice("action_near", ActionDue, is_near, who.action_owner, facts.action, WAITS, AT_ONCE,
           _l("Your action is due soon: «%(title)s»"),
           _l("Say what came of it, or that it is dropped. Until: %(due_on)s.")),
    Notice("action_late", ActionDue, is_late, who.action_people, facts.action, WAITS, AT_ONCE,
           _l("An action is overdue: «%(title)s»"),
           _l("Nobody has said yet what came of it. Until: %(due_on)s.")),
    Notice("shares_proposed", SharesProposed, always, shares.other_authors, shares.shared, WAITS, AT_ONCE,
           _l("%(who)s proposes how you share «%(title)s»"),
           _l("It counts once all authors agree. Say whether you do.")),
    Notice("shares_refused", SharesRefused, always, shares.proposer, shares.shared, MINE, AT_ONCE,
           _l("%(who)s does not agree how you share «%(title)s»"),
           _l("Everything stays as it was. Talk to each other, and propose other parts.")),
    # ── my submissions ───────────────────────────────────────────────────────────────────────────────────────────────
    Notice("handed_in", events.ReviewMoved, handed_in, who.authors, facts.move, MINE, DIGEST,
           _l("«%(title)s» was handed in"),
           _l("%(who)s submitted the text of which you are an author. Stage: %(stage)s.")),
    Notice("moved_on", events.ReviewMoved, moved_on, who.authors, facts.move, MINE, DIGEST,
           _l("«%(title)s» has come a step further"),
           _l("%(who)s approved it. Next stage: %(stage)s.")),
    Notice("returned", events.ReviewMoved, returned, who.authors, facts.move, MINE, AT_ONCE,
           _l("«%(title)s» came back to you"),
           _l("%(who)s asks you to change it: %(note)s")),
    Notice("sent_to_stage", events.ReviewMoved, sent_to_stage, who.authors, facts.move, MINE, DIGEST,
           _l("«%(title)s» goes back to an earlier stage"),
           _l("%(who)s sent it back. Stage: %(stage)s. Remark: %(note)s")),
    Notice("rejected", events.ReviewMoved, rejected, who.authors, facts.move, MINE, AT_ONCE,
           _l("«%(title)s» was rejected"),
           _l("%(who)s gave this reason: %(note)s")),
    Notice("published", events.ReviewMoved, approved, who.authors, facts.published, MINE, AT_ONCE,
           _l("«%(title)s» was approved and published"),
           _l("Everybody whom it concerns can find it from now on. Thank you!")),
    Notice("planned", PublicationScheduled, always, who.text_authors, facts.planned, MINE, AT_ONCE,
           _l("«%(title)s» was approved"),
           _l("It waits for its day: readers see it from %(until)s.")),
    Notice("withdrawn", events.ReviewMoved, withdrawn, who.authors, facts.move, MINE, DIGEST,
           _l("«%(title)s» was withdrawn"),
           _l("%(who)s took back the text of which you are an author.")),
    Notice("not_helpful", HelpfulVoted, unhelpful, who.article_authors, facts.article, MINE, DIGEST,
           _l("«%(title)s» did not help a reader"),
           _l("Have another look: is it still right, clear and complete?")),
    Notice("retired", ArticleRetired, always, who.article_authors, facts.article, MINE, DIGEST,
           _l("«%(title)s» was taken out of service"),
           _l("Readers no longer see it.")),
    Notice("verification_due", VerificationDue, always, who.keepers, facts.keeping, MINE, DIGEST,
           _l("Is «%(title)s» still true?"),
           _l("It was to be looked at again by %(until)s. Say that it is still true, or change it.")),
    Notice("expiry_near", ExpiryNear, always, who.keepers, facts.keeping, MINE, DIGEST,
           _l("«%(title)s» ends soon"),
           _l("Readers no longer see it from %(until)s. If it goes on, give it another end or none.")),
    Notice("flag_raised", FlagRaised, always, who.keepers, facts.flag, WAITS, AT_ONCE,
           _l("A reader says that something is wrong with «%(title)s»"),
           _l("%(who)s: %(note)s. %(due)s.")),
    Notice("flag_replied", FlagMoved, back_to_keeper, who.keepers, facts.flag, WAITS, AT_ONCE,
           _l("%(who)s writes again about «%(title)s»"),
           "%(note)s"),
    Notice("flag_answered", FlagMoved, to_reporter, who.flag_reporter, facts.flag, REMARKS, AT_ONCE,
           _l("%(who)s answered what you said about «%(title)s»"),
           "%(note)s"),
    Notice("appeal_raised", AppealRaised, always, who.managers, facts.appeal, WAITS, AT_ONCE,
           _l("%(who)s appeals against a figure of a scorecard"),
           "%(note)s"),
    Notice("appeal_answered", AppealAnswered, always, who.appellant, facts.appeal, REMARKS, AT_ONCE,
           _l("%(who)s answered your appeal about your scorecard"),
           "%(note)s"),
    Notice("flag_overdue", FlagOverdue, always, who.managers, facts.flag, TEAM, DIGEST,
           _l("Nobody has answered a reader about «%(title)s»"),
           _l("%(who)s: %(note)s. %(due)s.")),
    # ── remarks, and what became of my judgement ─────────────────────────────────────────────────────────────────────
    Notice("commented", events.Commented, always, who.other_side, facts.remark, REMARKS, AT_ONCE,
           _l("%(who)s remarked on «%(title)s»"),
           "%(note)s"),
    Notice("remark_resolved", events.RemarkResolved, always, who.who_remarked, facts.resolved, REMARKS, DIGEST,
           _l("%(who)s answered your remark on «%(title)s»"),
           "%(note)s"),
    Notice("expert_answered", events.ExpertAnswered, always, who.asker, facts.answered, REMARKS, AT_ONCE,
           _l("%(who)s gave an opinion on «%(title)s»"),
           "%(note)s"),
    Notice("text_changed", RevisionSaved, always, who.holders_of_text, facts.text, REMARKS, DIGEST,
           _l("The text of «%(title)s» was changed"),
           _l("%(who)s saved a new revision while it is under review.")),
    Notice("approval_voided", events.ReviewMoved, new_round, who.voided_approvers, facts.move, REMARKS, AT_ONCE,
           _l("Your approval of «%(title)s» no longer stands"),
           _l("%(who)s sent it back or changed its text. Stage: %(stage)s.")),
    Notice("judged_published", events.ReviewMoved, approved, who.judges, facts.published, REMARKS, DIGEST,
           _l("«%(title)s», which you judged, was published"),
           _l("%(kind)s by %(authors)s.")),
    # ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────
    Notice("must_read", ArticlePublished, asks_to_confirm, who.concerned, facts.article, TRAINING, AT_ONCE,
           _l("Please read and confirm: «%(title)s»"),
           _l("It concerns your work. %(due)s.")),
    Notice("must_read_asked", MustReadAsked, is_not_urgent, who.named, facts.must_read, TRAINING, AT_ONCE,
           _l("Please read and confirm: «%(title)s»"),
           _l("It concerns your work. %(due)s.")),
    Notice("must_read_urgent", MustReadAsked, is_urgent, who.named, facts.must_read, TRAINING, AT_ONCE,
           _l("Please read and confirm now: «%(title)s»"),
           _l("It concerns your work. %(due)s."), urgent=True),
    Notice("must_read_due", MustReadDue, always, who.named, facts.must_read, TRAINING, AT_ONCE,
           _l("You have not confirmed «%(title)s» yet"),
           _l("Read it, and press “I have read it”. %(due)s.")),
    Notice("course_assigned", CourseAssigned, somebody_did, who.learners, facts.course, TRAINING, AT_ONCE,
           _l("The course «%(title)s» is yours to take"),
           _l("%(who)s assigned it. Complete it by: %(due_on)s.")),
    Notice("course_reached", CourseAssigned, nobody_did, who.learners, facts.course, TRAINING, AT_ONCE,
           _l("The course «%(title)s» is yours to take"),
           _l("It belongs to your team, tier or role. Complete it by: %(due_on)s.")),
    Notice("course_renewed", CourseRenewed, always, who.learners, facts.course, TRAINING, DIGEST,
           _l("«%(title)s» has a new version, and you go on in it"),
           _l("What you have done counts. The page of the course says what is new.")),
    Notice("lesson_outdated", LessonOutdated, always, who.course_author, facts.course, TRAINING, DIGEST,
           _l("A lesson of «%(title)s» is out of date"),
           _l("The article that it teaches had a major change or was retired. Look whether the lesson still holds.")),
    Notice("lesson_renewed", LessonRenewed, always, who.earlier_readers, facts.course, TRAINING, AT_ONCE,
           _l("A lesson of «%(title)s» has changed: please read it again"),
           _l("You confirmed an earlier version. The page shows what changed; one press confirms it.")),
    Notice("questions_suspended", QuestionsSuspended, always, who.course_author, facts.course, TRAINING, DIGEST,
           _l("Questions of «%(title)s» are not asked for the moment"),
           _l("The passages that they ask about have changed. Change them, or say that they are still right.")),
    Notice("task_signed", TaskJudged, was_signed, asked.task_learner, facts.course_task, TRAINING, DIGEST,
           _l("Your task «%(title)s» was signed off"),
           _l("%(who)s looked at it. It counts as done.")),
    Notice("task_sent_back", TaskJudged, was_sent_back, asked.task_learner, facts.course_task, TRAINING, AT_ONCE,
           _l("«%(title)s» came back to you"),
           _l("%(who)s asks you to change it: %(note)s")),
    # ── my team ──────────────────────────────────────────────────────────────────────────────────────────────────────
    Notice("task_escalated", events.TaskEscalated, always, who.rung, facts.task, TEAM, AT_ONCE,
           _l("Overdue: «%(title)s»"),
           _l("Nobody has decided it in time. Stage: %(stage)s. %(due)s. Hand it to somebody, or ask who holds it."),
           urgent=True),
    Notice("emergency_asked", EmergencyAsked, always, who.second_signers, facts.provisional, TEAM, AT_ONCE,
           _l("Emergency: «%(title)s» needs your signature"),
           _l("%(who)s asks to publish it before its review: %(note)s. %(due)s."), urgent=True),
    Notice("emergency_closed", EmergencyClosed, not_signed, who.asker, facts.provisional, TEAM, AT_ONCE,
           _l("«%(title)s» was not published in an emergency"),
           _l("The reason: %(because)s.")),
    Notice("before_review", PublishedBeforeReview, always, who.authors_and_publishers, facts.provisional, TEAM, AT_ONCE,
           _l("Readers see «%(title)s» before its review"),
           _l("If the review has not approved it by then, it is rolled back. %(due)s.")),
    Notice("confirmed", ProvisionalConfirmed, always, who.publishers, facts.provisional, TEAM, DIGEST,
           _l("«%(title)s», which you put up, was confirmed"),
           _l("Its review has approved what readers saw.")),
    Notice("rolled_back", RolledBack, always, who.all_who_answer, facts.provisional, TEAM, AT_ONCE,
           _l("Rolled back: «%(title)s»"),
           _l("The reason: %(because)s. Readers see the earlier text, or none."), urgent=True),
    Notice("task_blocked", events.TaskBlocked, always, who.managers_of_task, facts.task, TEAM, AT_ONCE,
           _l("Nobody is left to decide «%(title)s»"),
           _l("Stage: %(stage)s. Everybody who could is an author, has judged already, or is away. Name somebody."),
           urgent=True),
    Notice("ownership_fell", OwnershipFell, always, who.heirs, facts.fallen, TEAM, AT_ONCE,
           _l("%(who)s has left texts behind"),
           _l("Their team keeps them true until somebody owns them: %(count)s. Give each an owner.")),
    Notice("leaving_marked", LeavingMarked, always, leaving.leaver, leaving.leaving, TEAM, AT_ONCE,
           _l("Your last day is noted"),
           _l("%(who)s noted it: %(due_on)s. The page shows what only you hold; you may say yourself who takes it "
              "over.")),
    Notice("handover_declined", HandoverDeclined, always, leaving.who_asked, leaving.declined, TEAM, AT_ONCE,
           _l("%(who)s does not take over what %(title)s hands over"),
           "%(note)s"),
    Notice("person_left", PersonLeft, always, leaving.left_behind, leaving.leaving, TEAM, AT_ONCE,
           _l("The last day of %(title)s is over"),
           _l("What was asked has passed on, and open reviews are in the pool again. Things that nobody has: "
              "%(count)s.")),
    Notice("action_closed", ActionClosed, always, who.action_maker, facts.action, TEAM, DIGEST,
           _l("%(who)s closed an action: «%(title)s»"),
           _l("What came of it: %(note)s")),
    Notice("must_read_overdue", MustReadOverdue, always, who.their_supervisors, facts.not_confirmed, TEAM, AT_ONCE,
           _l("Not confirmed in time: «%(title)s»"),
           _l("%(count)s people of your team have not confirmed it: %(authors)s. %(due)s.")),
    Notice("stands_in", AbsenceChanged, always, who.deputy, facts.absence, TEAM, AT_ONCE,
           _l("You stand in for %(who)s"),
           _l("Until %(until)s you also find in your inbox what waits for %(who)s.")),
)
# fmt: on

ROWS: dict[str, Notice] = {row.code: row for row in TABLE}
EVENTS: dict[str, type] = {row.event.__name__: row.event for row in TABLE}
GROUP_NAMES: dict[Group, Any] = {
    WAITS: _l("Waits for me"),
    MINE: _l("My submissions"),
    REMARKS: _l("Remarks and what I judged"),
    TRAINING: _l("Training"),
    TEAM: _l("Team"),
}
MAIL_NAMES: dict[Mail, Any] = {
    Mail.AT_ONCE: _l("At once"),
    Mail.DIGEST: _l("In the digest"),
    Mail.OFF: _l("No mail"),
}


def rows_for(event: type) -> list[Notice]:
    """The rows of one event, in the order of the table."""
    return [row for row in TABLE if row.event is event]


def rows_in(group: Group) -> list[Notice]:
    """The rows that one choice covers."""
    return [row for row in TABLE if row.group is group]
