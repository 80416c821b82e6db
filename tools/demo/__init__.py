"""`./run demo`: the product at work on simulated servers, told as a story that checks every sentence of its own.

__main__ starts it, story.py has the order, arrivals.py and mishaps.py the chapters; world.py is what runs, servers.py
and listener.py what is done to it and seen of it, screen.py how it is shown, compare.py the last word.
"""
