"""Who is told of what: one table from event to audience, channel and words; the list in the page head, and mail.

Owns every notice, what each person wants by mail, and the mails. Refuses to decide anything: it listens, and it tells.
"""
