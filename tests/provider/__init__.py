"""The provider: pure parts by tables and properties, and the process over real HTTP and a real broker."""
