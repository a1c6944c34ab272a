"""The lively demo: invented centres with half a year of their work, played through the real verbs.

Refuses a database in which there are people. Reads nothing but ``wiki/demo/content``; makes passwords, never keeps one.
"""
