"""Tests of the plugin for Stash."""
