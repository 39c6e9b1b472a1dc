"""Keeps code locations loadable while the database is away.

Dagster asks its database for the state of components before it loads any code location. This project has no such
components, and a daemon that loses its code location fails the backfills under way.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from dagster import DagsterInstance
from dagster._config import UserConfigSchema
from dagster._core.storage.defs_state.base import DefsStateStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData


class NoDefsState(DefsStateStorage[DagsterInstance], ConfigurableClass):
    """Has no state of components, and refuses any."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "NoDefsState":
        return cls(inst_data)

    def get_latest_defs_state_info(self) -> None:
        return None

    def download_state_to_path(self, key: str, version: str, path: Path) -> NoReturn:
        raise NotImplementedError(key)

    def upload_state_from_path(self, key: str, version: str, path: Path) -> NoReturn:
        raise NotImplementedError(key)

    def set_latest_version(self, key: str, version: str | None) -> NoReturn:
        raise NotImplementedError(key)
