"""Articles, submissions, immutable revisions, kinds, categories, versions, diff.

Owns the text and what readers may see of it. Refuses to judge: a verdict arrives as an event from ``workflows``.
"""
