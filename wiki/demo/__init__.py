"""The lively demo: invented centres, their people, texts, readings and half a year of work, played through the real verbs.

Refuses a database in which there are people. Reads nothing but ``wiki/demo/content``; makes passwords, never keeps one.
"""
