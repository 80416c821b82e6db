"""`./run init`: asks for what has to be known, tests Stash and Plex with it, and writes `.env`.

__main__ runs it; talk.py asks and tells; stash.py and plex.py look at the servers; paths.py guesses `S2P_PATHS`;
file.py is what is written.
"""
