"""Tests of the simulated Stash and Plex: they have to be right before anything is judged by them."""
