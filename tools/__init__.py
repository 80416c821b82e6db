"""Programs for people: the demo, the launcher behind ./run, and the s2p command."""
