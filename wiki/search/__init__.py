"""Search owns how text is analysed, ranked and marked, the engines behind one interface, and what is typed into them.

It refuses to decide who may read an article: a document carries the tokens of those who may, a query the reader's own.
The index holds nothing that cannot be made again from the database.
"""
