"""What readers say about an article: helpful or not, and 'used in a call'.

Owns every vote and mark, each an added row. Refuses to count points: it tells events, and ``wiki.scoring`` listens.
"""
