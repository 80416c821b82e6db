"""Tests of the broker's configuration, and of the containers around it."""
