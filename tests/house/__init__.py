"""The hard limits of the house, and that everything is documented."""
