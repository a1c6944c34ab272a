"""How each text came to where it is: written, submitted, judged, sent back once, published – or still on a desk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random

from core.db import session
from wiki.articles import ops
from wiki.articles.content import Content
from wiki.articles.models import Article, SubmissionAuthor
from wiki.articles.pipelines import DEFAULT_PIPELINES
from wiki.demo import judging
from wiki.demo.content import Text, Version
from wiki.demo.hours import CALLS_FROM, CALLS_UNTIL, OPENS, some_time, worked_back
from wiki.demo.plan import Do, Plan, World
from wiki.demo.writing import content_of, first_attempt, for_its_readers
from workflows import deciding
from workflows.queries import open_review, open_tasks
from workflows.rules import Verb

LATE = 0.1  # the share of verdicts that came after their time
WORDLESS = 0.3  # the share of approvals without a remark


@dataclass
class Story:
    """The steps of one submission, each with the working hours that passed before it."""

    key: str
    text: Text
    content: Content
    chance: Random
    article: str | None = None  # the title of the article that it changes
    significance: str = "major"
    reason: str = ""
    steps: list[tuple[float, Do]] = field(default_factory=list)


def plan_texts(plan: Plan) -> None:
    """Every text of the content gets its story."""
    waiting: dict[str, int] = {}
    for text in plan.library.texts:
        if text.state == "published":
            _published(plan, text)
        elif text.state == "in_review":
            _in_review(plan, text, waiting.setdefault(text.stage, 0))
            waiting[text.stage] += 1
        elif text.state == "draft":
            _draft(plan, text)
        else:
            _refused(plan, text)


# ── the stories ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _story(plan: Plan, text: Text, version: Version | None = None, number: int = 1) -> Story:
    key = f"{'change of ' if text.is_change else ''}{text.title}#{number}"
    told = version or text
    is_new = number == 1 and not text.is_change
    return Story(
        key,
        text,
        content_of(text, plan.library, plan.present, version),
        plan.chance(key),
        None if is_new else text.title,
        told.significance,
        told.reason,
    )


def _published(plan: Plan, text: Text) -> None:
    """Each version is a submission of its own, approved on its day; the present one may have come back once."""
    versions: list[Version | None] = [*text.earlier, None]
    for number, version in enumerate(versions, 1):
        story = _story(plan, text, version, number)
        back = next((b for b in plan.library.activity["send_backs"] if b["article"] == text.title), None)
        barred: set[str] = set()
        if version is None and back:
            _write(plan, story, first_attempt(story.content))
            _approve_until(plan, story, back["stage"], {back["stage"]: back["by"]})
            _decide(plan, story, back["stage"], back["by"], Verb.SEND_BACK, back["remark"])
            _rewrite(story)
            _approve_until(plan, story, None, {back["stage"]: back["by"]}, barred)
        else:
            _write(plan, story, story.content)
            _approve_until(plan, story, None, {}, barred)
        days = version.days_ago if version else text.days_ago
        since = time(14) if text.kind == "notice" else OPENS  # their four hours are of one day
        zone = plan.library.zone(text.author)
        _lay_out(plan, story, some_time(plan.present.day(days, zone), zone, story.chance, since=since))


def _in_review(plan: Plan, text: Text, number: int) -> None:
    """The task it waits with is overdue, due today or fresh, in turn."""
    story = _story(plan, text)
    _write(plan, story, story.content)
    _approve_until(plan, story, text.stage, {})
    allowed = DEFAULT_PIPELINES[text.kind].stage(text.stage).due_hours
    waited = (allowed + 6.5, max(allowed - 5.5, allowed * 0.6), 1.0, allowed + 16.0)[number % 4]
    zone = plan.library.zone(text.author)
    began = plan.present.now - timedelta(hours=waited)
    _lay_out(plan, story, worked_back(began, story.chance.uniform(0, 0.6), zone, since=CALLS_FROM, until=CALLS_UNTIL))


def _draft(plan: Plan, text: Text) -> None:
    story = _story(plan, text)
    _write(plan, story, story.content, submit=False)
    _lay_out(plan, story, _days_ago(plan, story, 1, 5))


def _refused(plan: Plan, text: Text) -> None:
    """Sent back to its author or rejected, by the named reviewer at their stage."""
    story = _story(plan, text)
    roles = plan.library.people[text.by].roles
    stage = next(s.key for s in DEFAULT_PIPELINES[text.kind].stages if s.key in roles)
    _write(plan, story, story.content)
    _approve_until(plan, story, stage, {stage: text.by})
    verb = Verb.SEND_BACK if text.state == "returned" else Verb.REJECT
    _decide(plan, story, stage, text.by, verb, text.remark)
    _lay_out(plan, story, _days_ago(plan, story, 1, 2))


def _days_ago(plan: Plan, story: Story, least: int, most: int) -> datetime:
    zone = plan.library.zone(story.text.author)
    return some_time(plan.present.day(story.chance.randint(least, most), zone), zone, story.chance)


def _lay_out(plan: Plan, story: Story, last: datetime) -> None:
    """The last step happens at ``last``, the others before it with their gaps of working hours."""
    moment, zone = last, plan.library.zone(story.text.author)
    for hours, do in reversed(story.steps):
        plan.at(moment, do)
        moment = worked_back(moment, hours, zone)


# ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(plan: Plan, story: Story, content: Content, *, submit: bool = True) -> None:
    def write(world: World) -> None:
        actor = world.actors[story.text.author]
        slug = world.articles[story.article].slug if story.article else None
        found = ops.propose(
            actor,
            story.text.kind,
            for_its_readers(content, story.text, world),
            article_slug=slug,
            significance=story.significance,
            reason=story.reason,
        )
        for number, username in enumerate(story.text.coauthors, 1):  # they wrote it together; no page offers this yet
            found.author_rows.append(SubmissionAuthor(user_id=world.actors[username].id, position=number))
        session.flush()
        world.submissions[story.key] = found

    story.steps.append((0.0, write))
    if submit:
        story.steps.append((story.chance.uniform(0.3, 3), _submitting(story)))


def _submitting(story: Story, content: Content | None = None) -> Do:
    def submit(world: World) -> None:
        actor = world.actors[story.text.author]
        submission = world.submissions[story.key]
        if content is not None:
            ops.save(submission, actor, for_its_readers(content, story.text, world))
        ops.submit(submission, actor)

    return submit


def _rewrite(story: Story) -> None:
    """The author does what was asked and submits again."""
    story.steps.append((story.chance.uniform(1, 7), _submitting(story, story.content)))


def _approve_until(
    plan: Plan, story: Story, stage: str | None, known: dict[str, str], barred: set[str] | None = None
) -> None:
    """Approvals of every stage before ``stage`` (``None``: of all). ``known`` names who sits where, and learns it."""
    acted = set(barred or ())
    for key in _stages(story.text.kind, stage):
        others = {name for other, name in known.items() if other != key}
        who = known.get(key) or _reviewer(plan, story, key, acted | others)
        acted.add(who)
        _decide(plan, story, key, who, Verb.APPROVE, None)


def _stages(kind: str, until: str | None) -> Iterator[str]:
    for stage in DEFAULT_PIPELINES[kind].stages:
        if stage.key == until:
            return
        yield stage.key


def _reviewer(plan: Plan, story: Story, stage: str, acted: set[str]) -> str:
    """Somebody of the author's site with the role who did not write it and has not acted; work is shared out."""
    people, author = plan.library.people, plan.library.people[story.text.author]
    barred = {author.username, *story.text.coauthors, *acted}
    free = [p for p in people.values() if stage in p.roles and p.username not in barred]
    lead = plan.library.supervisor(author.team)
    chosen = next((p for p in free if stage == "supervisor" and p.username == lead), None)
    if chosen is None:
        near = [p for p in free if p.site == author.site] or free
        chosen = min(near, key=lambda p: (plan.judged[p.username] * story.chance.uniform(0.6, 1.4), p.username))
    plan.judged[chosen.username] += 1
    return chosen.username


def _decide(plan: Plan, story: Story, stage: str, who: str, verb: Verb, note: str | None) -> None:
    locale = plan.library.people[who].locale
    wordless = note is None and story.chance.random() < WORDLESS

    def decide(world: World) -> None:
        submission = world.submissions[story.key]
        review = open_review(ops.SUBJECT, submission.id)
        assert review is not None
        task = next(t for t in open_tasks([review.id]) if t.stage == stage)
        said = note if note is not None else ("" if wordless else world.remark(stage, locale))
        chance = plan.chance(story.key, stage, verb)
        told = judging.about(story.text, plan.library, task, verb, chance)
        decision = deciding.decide(task.id, world.actors[who], verb, seen=task.version, note=said, **told)
        judging.second_opinion(world, decision, chance)
        if submission.article_id is not None:
            world.articles[story.text.title] = session.get_one(Article, submission.article_id)

    story.steps.append((_hours_taken(story), decide))


def _hours_taken(story: Story) -> float:
    """Working hours between the arrival of a task and the verdict: mostly in time, now and then late."""
    allowed, late = DEFAULT_PIPELINES[story.text.kind].stages[0].due_hours, story.chance.random() < LATE
    if allowed <= 4:
        return story.chance.uniform(0.2, 2)
    if allowed <= 24:
        return story.chance.uniform(11, 14) if late else story.chance.uniform(0.5, 8)
    return story.chance.uniform(20, 24) if late else story.chance.uniform(1, 13)
