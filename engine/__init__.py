"""Yingfan's engine: all code that knows what a case is. Floors are drawn in pyproject.toml."""
