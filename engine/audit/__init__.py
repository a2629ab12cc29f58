"""Proof: chains of entries that anybody can verify without trusting whoever keeps them."""
