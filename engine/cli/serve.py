"""yingfan run, web, worker: pages and worker in one process, or either alone."""

from __future__ import annotations

import errno
import logging
import socket

import typer
import uvicorn

from engine.app import App, open_app
from engine.cli.configured import settings_of
from engine.errors import InstallationError
from engine.web.application import create_web
from engine.web.tidying import settle
from engine.worker import told_to_stop, work, working


def run(
    ctx: typer.Context,
    host: str = typer.Option(None, "--host", help="监听地址"),
    port: int = typer.Option(None, "--port", help="监听端口"),
) -> None:
    """Serve the pages and sweep the timers until stopped."""
    settings = settings_of(ctx, host=host, port=port)
    with open_app(settings) as app:
        app.units.ready()
        serve(app, settings.host, settings.port)


def web(
    ctx: typer.Context,
    host: str = typer.Option(None, "--host", help="监听地址"),
    port: int = typer.Option(None, "--port", help="监听端口"),
) -> None:
    """Serve the pages alone until stopped; a worker must run elsewhere."""
    settings = settings_of(ctx, host=host, port=port)
    with open_app(settings) as app:
        app.units.ready()
        serve(app, settings.host, settings.port, sweeps=False)


def worker(ctx: typer.Context) -> None:
    """Sweep timers, send messages and take over calendars until stopped; any number of workers may run."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with open_app(settings_of(ctx)) as app:
        app.units.ready()
        work(app)


def serve(app: App, host: str, port: int, *, sweeps: bool = True) -> None:
    """Serve an open installation with its worker beside it, until told to stop; what runs then is finished first.

    Raises as `listens`.
    """
    listens(host, port)
    print(f"打开 http://{host}:{port}  （Ctrl+C 结束{'' if sweeps else '；到期处理由别处的 worker 办'}）", flush=True)
    with working(app, sweeps=sweeps), told_to_stop(_leave):
        pages = create_web(app)
        settle()
        uvicorn.run(pages, host=host, port=port, log_level="warning", server_header=False)


def listens(host: str, port: int) -> None:
    """Make sure that this address can be listened on; InstallationError where it is taken or not this machine's."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        said = "已有别的程序在用" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise InstallationError(f"{host} 的端口 {port} 不能用：{said}；用 --port 换一个") from None


def _leave() -> None:
    """Leave through the ends of everything that is open: the server gives the signal on once it has answered."""
    raise SystemExit(0)
