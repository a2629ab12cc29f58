"""yingfan run: web and worker in one process."""

from __future__ import annotations

import typer
import uvicorn

from engine.app import App, open_app
from engine.cli.options import settings_of
from engine.web.application import create_web
from engine.worker import scheduler_for


def run(
    ctx: typer.Context,
    host: str = typer.Option(None, "--host", help="监听地址"),
    port: int = typer.Option(None, "--port", help="监听端口"),
) -> None:
    """Serve the pages and sweep the timers until stopped."""
    settings = settings_of(ctx, host=host, port=port)
    with open_app(settings) as app:
        serve(app, settings.host, settings.port)


def serve(app: App, host: str, port: int) -> None:
    """Serve an open installation with its worker beside it, until interrupted."""

    scheduler = scheduler_for(app, app.settings.sweep_seconds)
    scheduler.start()
    try:
        uvicorn.run(create_web(app), host=host, port=port, log_level="warning", server_header=False)
    finally:
        scheduler.shutdown(wait=True)
