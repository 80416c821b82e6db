"""Answers Plex's Custom Metadata Provider queries from the retained scenes."""
