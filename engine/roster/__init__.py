"""Lists as bureaus hold them: read, checked, compared. Pure: files in, values out."""
