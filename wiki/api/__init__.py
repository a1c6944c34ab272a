"""``/api/v1`` assembled from each package's ``api.py``; OpenAPI and its reading page.

Owns nothing but the mounting. Refuses to know a single call.
"""
