"""Figures: floor and subject side by side in one run. No test, nothing here is timed in CI."""
