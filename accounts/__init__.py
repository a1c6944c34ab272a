"""Who: people, teams, sites, tiers, roles, sign-in, sessions, tokens, who is away and who stands in.

Owns identity and the plain lists of where people belong. Refuses to know what anybody does with their roles.
"""
