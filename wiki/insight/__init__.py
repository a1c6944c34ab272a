"""Looking at it: the home page of each role.

Owns pages that put together what others know. Refuses to keep anything of its own: every figure links to its source.
"""
