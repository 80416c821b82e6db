"""A Stash that unmodified clients can't tell from the real one: GraphQL, images, auth, hooks, and its traps.

Reading order: `model` and `database` (rows), `timestamps` (text times), `criteria`, `filters` and `filter_fields` (what
a filter selects), `search` and `finders` (pages), `scene_fields` and `entity_fields` (GraphQL), `edits` (every kind of
change, what it moves and fires), `faults` and `mishaps` (what can go wrong), `control` (how a test drives all that),
`app` (the routes).

What the real one does is known from the source of v0.26 to v0.30.1 and from a running v0.30.1: over the same rows, both
answer 2,356 of 2,369 queries alike; the others differ in the order of equal rows, which the real one leaves open, and
in the wording of a few errors. Left out: mutations (`control` makes the changes), subscriptions, streams, and the
images of galleries. It shares no code with the product.
"""
