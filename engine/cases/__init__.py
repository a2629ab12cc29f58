"""Deciding, pure: a case and a command give a decision, or a refusal that says what would be accepted."""
