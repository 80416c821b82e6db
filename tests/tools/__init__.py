"""The programs for people: ./run, the demo, the launcher."""
