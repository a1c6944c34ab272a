"""What is known, and all that grows on it. ``app.py`` is the table of contents."""
