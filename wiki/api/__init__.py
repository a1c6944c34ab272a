"""``/api/v1``, assembled from each package's ``api.py``; and its description. Owns no call of its own but that one."""
