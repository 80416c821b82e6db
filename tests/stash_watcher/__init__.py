"""Tests of the stash_watcher: its pure parts by tables and properties, the process against a real Mosquitto."""
