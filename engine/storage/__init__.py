"""The archive: the only room with tables."""
