"""Knowledge comes in from files and goes out as files: imports with a dry run, single articles, the whole base.

It owns imports and their rows. It refuses to say what an article is (``wiki.articles`` does), and to judge.
"""
