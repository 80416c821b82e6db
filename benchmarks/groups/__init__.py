"""One module a group of figures, found by its file name; nothing else has to know of it.

A module here has `figures(bench: Bench) -> dict[str, Figure]`, whose names begin with the group's, as in
`writer.rss_mb_100k`. Several modules make up one group where their names begin alike: `./run bench writer` runs
`writer`, `writer_speed` and `writer_requests`, `./run bench writer_speed` runs one. All of a group together takes at
most 6 minutes; what takes longer looks at `bench.full`. Speeds are measured beside a bare loop of the same run
(`Bench.rounds`), in workers that are processes of their own (`harness.worker`), and memory is what the system counted
(`harness.peak_mb`). The bare loops are in `benchmarks/bare`.
"""
