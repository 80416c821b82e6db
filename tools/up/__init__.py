"""`./run up`: the three services for the user's own Stash and Plex, on one machine and without Docker.

__main__ starts it; settings.py has what each process is given, broker.py the private Mosquitto, watch.py what happens
when a process ends.
"""
