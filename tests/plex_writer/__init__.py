"""Tests of the writer's decisions, and of its client against a simulated Plex."""
