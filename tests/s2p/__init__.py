"""Tests of the command line tool, against real brokers and real services."""
