"""Settings of one installation: defaults, a file, the environment; the only reader of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import InputError

DATABASE = "yingfan.db"
"""The name of the database's file below the data folder."""


class Settings(BaseSettings):
    """Every setting, in rising order: config/default.yaml, the file given, environment YINGFAN_*, options."""

    model_config = SettingsConfigDict(env_prefix="YINGFAN_", extra="forbid", frozen=True)

    data: Path = Field(default=Path("yingfan-data"), description="folder of the database, keys and documents")
    database: str = Field(default="", description="database URL; empty: one SQLite file below the data folder")
    keys: Path | None = Field(default=None, description="folder of the keys; empty: below the data folder")
    district: str = Field(default="QH", description="code of the district: the first part of every case number")
    host: str = Field(default="127.0.0.1", description="address the web server listens on")
    port: int = Field(default=8000, ge=1, le=65535, description="port the web server listens on")
    review_authority: str = Field(
        default="本区人民政府", description="reviews orders of bureau and townships (复议法 20, 24)"
    )
    court: str = Field(default="有管辖权的人民法院", description="court named in remedies; uncertain, DOMAIN 17.4")
    contact: str = Field(default="", description="office to call, as printed on notices")
    sweep_seconds: int = Field(default=20, ge=1, le=3600, description="pause between two sweeps of the worker")
    brake_hours: int = Field(
        default=24, ge=1, le=240, description="messages to families and outside offices later than this are held"
    )
    brake_messages: int = Field(
        default=20, ge=1, le=10_000, description="more of these messages than this at once are held until released"
    )

    @property
    def database_url(self) -> str:
        """The database's URL, worked out from the data folder where none is given."""
        return self.database or f"sqlite:///{(self.data / DATABASE).resolve()}"

    @property
    def keys_folder(self) -> Path:
        """Where the key file and the key store lie; safer in another place than the database."""
        return self.keys or self.data / "keys"

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, or None for a database on a server."""
        url = self.database_url
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    @property
    def has_database(self) -> bool:
        """True where a database may be: its file exists, or it is on a server."""
        return self.database_file is None or self.database_file.exists()

    @classmethod
    def read(cls, *files: Path, **options: object) -> Self:
        """Settings from files, the environment and options; raises InputError that names what is wrong."""
        merged: dict[str, object] = {}
        for file in files:
            merged.update(_file(file))
        given = {name: value for name, value in options.items() if value is not None}
        try:
            from_environment = cls()
            named = {name: getattr(from_environment, name) for name in from_environment.model_fields_set}
            return cls.model_validate({**merged, **named, **given})
        except ValidationError as error:
            wrong = "；".join(f"{'.'.join(str(p) for p in e['loc'])}：{e['msg']}" for e in error.errors())
            raise InputError(f"设置有误：{wrong}") from None


def _file(path: Path) -> dict[str, object]:
    try:
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"设置文件 {path} 无法读取：{error}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise InputError(f"设置文件 {path} 应为「名称: 值」的列表")
    return loaded
