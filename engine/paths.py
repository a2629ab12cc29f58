"""Where the data folders are: in a checkout beside the packages, in a wheel inside the package."""

from __future__ import annotations

from pathlib import Path

from engine.errors import InstallationError

HERE = Path(__file__).parent


def workflows_dir(package: Path = HERE) -> Path:
    """The folder of the procedures; raises InstallationError when the installation has none."""
    return _data_dir("workflows", package)


def config_dir(package: Path = HERE) -> Path:
    """The folder of the installation's facts; raises InstallationError when the installation has none."""
    return _data_dir("config", package)


def _data_dir(name: str, package: Path) -> Path:
    for place in (package.parent / name, package / "_data" / name):
        if place.is_dir():
            return place
    raise InstallationError(f"安装不完整：找不到 {name} 文件夹；请重新安装")
