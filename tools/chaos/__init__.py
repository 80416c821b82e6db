"""Seeded chaos: people edit, everything fails, and a checker with a model of its own says what Plex has to show.

Pure: `words` and `edits` (what people do), `faults` (what can go wrong), `schedule` (both over time, from a seed),
`plain` and `record` (what happened), `scalars`, `entries`, `judge` (what is wrong with the end), `history` (why).
Shells: `world` (processes), `hands` (edits), `mishaps` (faults), `ear` (the bus), `runner`, `mutants`, `__main__`.
"""
