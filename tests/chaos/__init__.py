"""Tests of the chaos runner: its schedule, its checker, and short runs of it."""
