"""Two texts compared so that people like to read it: passages, then words, moves and forms told apart.

Pure: strings in, parts and rows out. It refuses to know articles, languages of the interface, or pages.
"""
