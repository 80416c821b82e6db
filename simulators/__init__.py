"""A Stash and a Plex to develop and test against; they share no code with the product's decisions."""
