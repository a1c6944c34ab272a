"""What contributions earn: dated rules, and a ledger whose entries are only ever added.

Owns points and credits. Refuses to judge and to rank: what happened arrives as events from below; ``wiki.kpi`` reads.

An *act* is one thing that happened, kept with everything its price depends on. The ledger is a pure function of the
acts and the rules (``rules.replay``), so it can be reckoned again at any time and must come out the same to the
hundredth.
"""
