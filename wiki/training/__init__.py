"""Courses, lessons that pin a published revision, quizzes, assignments, attempts, credits.

Owns what is taught, to whom, and who has learned it. Refuses to keep a ledger: it says that a course was completed and
with how many credits; what that is worth is written down in ``wiki.scoring``.
"""
