"""Brings Plex to the state that the retained scenes describe, one process a Plex server."""
