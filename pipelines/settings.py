"""Settings from the environment, an `.env` file in the repository, or files.

Each variable can be given as a file that holds its value: `DATABASE_URL_FILE` for `DATABASE_URL`.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from pipelines.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[1]
"""Folder of the packages: the repository, or where a wheel was installed."""
_PACKAGED = Path(__file__).with_name("instance")
IS_INSTALLED = _PACKAGED.is_dir()
"""Whether this code is of an installed wheel, which keeps its state elsewhere and reads no `.env` file."""
INSTANCE = _PACKAGED if IS_INSTALLED else PROJECT
"""Folder of `dagster.yaml` and `workspace.yaml`."""
HOST_NAME = r"\[[0-9a-f:.]+\]|[\w.-]+"
"""Regular expression of a host name or an address, in lower case and without a port."""


class Settings(BaseSettings):
    """The settings; each field is an environment variable in lower case."""

    model_config = SettingsConfigDict(
        env_file=None if IS_INSTALLED else PROJECT / ".env", env_ignore_empty=True, extra="ignore"
    )

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL of the app, in any driver's spelling; default: the embedded server."
    )
    database_password: SecretStr | None = Field(
        None, description="Password of `DATABASE_URL`, if the URL has none; it may hold any character."
    )
    dagster_database_url: SecretStr | None = Field(
        None, description="PostgreSQL of Dagster, if it logs in as another role or has a server of its own."
    )
    ncaa_api_url: str = Field("https://ncaa-api.henrygd.me", description="Base URL of henrygd/ncaa-api.")
    ncaa_api_key: SecretStr | None = Field(None, description="Sent as `x-ncaa-key`.")
    ncaa_api_requests_per_second: float = Field(
        5,
        ge=0.001,
        description="Limit of all processes on one database together; `inf` for an API that you host yourself.",
    )
    ncaa_api_details_per_day: float = Field(
        10_000,
        ge=0,
        description="Details of games requested in 24 hours, besides the schedule's; `inf` for an API of your own.",
    )
    archive_required: bool = Field(
        False, description="Fail a load if its answer cannot be archived. Default: load it, and let a check fail."
    )
    archive_days: int = Field(
        400,
        ge=1,
        description="Days for which all answers are kept; the last answer about each date is kept for ever.",
    )
    project_url: str | None = Field(
        None,
        pattern="^https?://[!-~]+$",
        description="URL of your copy of this project, such as https://github.com/you/gamepulse: the contact in the "
        "User-Agent and the base of the catalog's code links. Default: no contact, links to local files.",
    )
    alert_webhook_url: SecretStr | None = Field(
        None, description="Webhook for the beginning and the end of failures, in Slack's JSON."
    )
    healthcheck_url: SecretStr | None = Field(
        None, description="Called after each successful tick; the service there raises the alarm when no call comes."
    )
    gamepulse_pipeline_password: SecretStr | None = Field(
        None, description="Password of the role that writes the tables."
    )
    gamepulse_dagster_password: SecretStr | None = Field(
        None, description="Password of the role that owns schema `dagster`."
    )
    gamepulse_reader_password: SecretStr | None = Field(
        None, description="Password of the role that only reads the tables."
    )
    gamepulse_allowed_hosts: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="Host names by which browsers reach the UI besides localhost, separated by commas."
    )
    gamepulse_report_asset_events: bool = Field(
        False, description="Serve Dagster's endpoints `/report_asset_*`, which have no login."
    )
    gamepulse_home: Path = Field(
        user_data_path("gamepulse") if IS_INSTALLED else PROJECT / ".gamepulse",
        description="State of this machine: the embedded server, and the coverage report of each morning. Default: "
        "`.gamepulse` in the repository; for an installed wheel `gamepulse` in the user's data folder, such as "
        "`~/.local/share`.",
    )
    gamepulse_simulate: bool = Field(
        False, description="Use the API of `gamepulse up --simulate`, and database `gamepulse_simulated`."
    )
    gamepulse_simulator_port: int = Field(
        8765, description="Port of the API of `gamepulse up --simulate`. Default: that of the newest start, or 8765."
    )
    gamepulse_log: Literal["console", "json"] = Field("console", description="`json` in production.")

    @field_validator("gamepulse_allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, given: str | frozenset[str]) -> frozenset[str]:
        listed = given.split(",") if isinstance(given, str) else given
        hosts = frozenset(host.strip().lower() for host in listed) - {""}
        if wrong := sorted(host for host in hosts if not re.fullmatch(HOST_NAME, host, re.ASCII)):
            raise ValueError(f"{wrong[0]!r} is not a host name; leave out scheme and port: dagster.example.org")
        return hosts

    @model_validator(mode="after")
    def _use_simulated_api(self) -> Self:
        if self.gamepulse_simulate:
            if "gamepulse_simulator_port" not in self.model_fields_set and self.simulator_port_file.exists():
                remembered = self.simulator_port_file.read_text()
                self.gamepulse_simulator_port = int(remembered) if remembered.isdecimal() else 8765
            self.ncaa_api_url = f"http://127.0.0.1:{self.gamepulse_simulator_port}"
        return self

    @property
    def is_simulated(self) -> bool:
        """Whether the API is a simulator: that of `--simulate`, or the service `simulator` of `docker-compose.yml`."""
        return self.gamepulse_simulate or urlsplit(self.ncaa_api_url).hostname == "simulator"

    @property
    def simulator_port_file(self) -> Path:
        """File with the port of the newest `gamepulse up --simulate`."""
        return self.gamepulse_home / "simulator_port"

    @property
    def coverage_file(self) -> Path:
        """File of the coverage report of each morning."""
        return self.gamepulse_home / ("coverage-simulated.html" if self.gamepulse_simulate else "coverage.html")

    @property
    def embedded_home(self) -> Path:
        """Folder of the embedded server."""
        return self.gamepulse_home / "postgres"

    @property
    def role_passwords(self) -> dict[str, SecretStr]:
        """Passwords of the database roles that have one."""
        given = {
            "gamepulse_pipeline": self.gamepulse_pipeline_password,
            "gamepulse_dagster": self.gamepulse_dagster_password,
            "gamepulse_reader": self.gamepulse_reader_password,
        }
        return {role: password for role, password in given.items() if password is not None}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, _Files(settings_cls)


def explain_invalid(error: ValidationError) -> str:
    """Returns a sentence that names each invalid variable, without its value, which may be a password."""
    return "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()) + "."


class _Files(PydanticBaseSettingsSource):
    """Reads values from files, which is how Docker and Kubernetes mount secrets."""

    def __call__(self) -> dict[str, object]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        variable = f"{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        try:
            return (Path(path).read_text().strip() if path else None), field_name, False
        except OSError as error:
            raise ConfigurationError(f"{variable} names {path}, which cannot be read: {error.strerror}.") from None
