"""The revisions, in order; none is changed after it was released."""
