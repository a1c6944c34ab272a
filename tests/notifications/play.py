"""One submission, moved by names, for the tests of who hears what."""

from core.db import session, writing
from tests.make import somewhere
from wiki.articles import ops as writing_ops
from wiki.articles.models import Submission
from workflows import claiming, deciding
from workflows.models import Task


class Play:
    """One submission, moved by names."""

    def __init__(self, centre, **about):
        self.centre, self.make = centre, centre.make
        self.made = self.make.submission(centre["ann"], title="Fees", **about)

    def heard(self):
        return self.centre.heard()

    def does(self, name, verb="approve", **about):
        self.make.decide(self.made, self.centre[name], verb, **about)
        return self.heard()

    def task(self) -> Task:
        with somewhere():
            return self.make.task(self.made)

    def revise(self, name, body="Other words."):
        with writing():
            mine = session.get_one(Submission, self.made.id)
            writing_ops.save(mine, self.centre[name], self.make.content(title="Fees", body=body))
        return self.heard()

    def submit(self, name):
        with writing():
            writing_ops.submit(session.get_one(Submission, self.made.id), self.centre[name])
        return self.heard()

    def withdraw(self, name):
        with writing():
            writing_ops.withdraw(session.get_one(Submission, self.made.id), self.centre[name])
        return self.heard()

    def claim(self, name):
        with writing():
            claiming.claim(self.task().id, self.centre[name])
        return self.heard()

    def hand(self, name, to):
        with writing():
            claiming.hand_over(self.task().id, self.centre[name], to=to)
        return self.heard()

    def comment(self, name, **about):
        with writing():
            deciding.comment(self.task().id, self.centre[name], note="Which fee?", **about)
        return self.heard()
