"""What the centre measures: indicators, readings, scorecards, periods.

Owns the arithmetic of scores and the closing of periods. A reading is a numerator and a denominator, never a
percentage; a closed period never changes. Refuses to earn points (``wiki.scoring``) and to say what a result
means for somebody.
"""
