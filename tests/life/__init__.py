"""The writer over time: events, waiting, comparisons with Plex itself, gaps, dead letters, pauses, several servers."""
