"""One verb a function; each opens one unit of work and commits it whole or not at all."""
