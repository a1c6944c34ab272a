"""Analysis owns how text becomes terms, alike for documents and queries. It knows no engine, no database, no web."""
