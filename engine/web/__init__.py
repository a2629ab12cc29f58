"""The counter: pages and forms for officers, drawn on the server; nothing here decides and nothing here stores."""

from engine.web.application import create_web

__all__ = ["create_web"]
