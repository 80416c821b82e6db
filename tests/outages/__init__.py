"""Every fault of Plex, while the writer is idle, works off a bulk, and follows live edits."""
