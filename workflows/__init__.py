"""How it is judged: pipelines, reviews, rounds, stages, seats, tasks, decisions, deadlines.

Owns every move of a review over an opaque subject ``(subject_kind, subject_id)``. Refuses to know what an article is.
"""
