"""The three services; none imports another, they meet on the broker."""
