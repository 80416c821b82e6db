"""The promise, scenario by scenario: what can go wrong between an edit in Stash and Plex, and that nothing is lost."""
