"""Plumbing that knows no domain: database, events, outbox, permissions, errors, web, markup, trail, clock, languages.

Owns how a request becomes a transaction and how a fact becomes a promise. Refuses every word of the contact centre.
"""
