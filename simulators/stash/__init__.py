"""A Stash that unmodified clients can't tell from the real one: GraphQL, images, auth, hooks, and its traps.

Reading order: `model` (rows), `timestamps` (text times), `criteria`, `filters` and `filter_fields` (what a filter
selects), `finders`, `scene_fields` and `entity_fields` (GraphQL), `edits` (every kind of change, what it moves and
fires), `faults` and `mishaps` (what can go wrong), `control` (how a test drives all that), `app` (the routes).
What real Stash does was learnt from the source of v0.24 to v0.30.1, never
copied; it shares no code with the product.
"""
