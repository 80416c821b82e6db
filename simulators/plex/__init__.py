"""A Plex Media Server to develop and test against: what python-plexapi and a metadata provider see, traps included.

Learnt from recordings of PMS 1.43, Plex's own API text and projects that live with it; PMS itself was not run.
`python -m simulators.plex` starts it; everything a test may do behind the clients' back is under `/control/`.
"""
