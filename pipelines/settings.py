"""Every environment variable, once. An `.env` file in the project's folder is read too."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """What the environment says; fields are the variables' names in lower case."""

    model_config = SettingsConfigDict(env_file=PROJECT / ".env", env_ignore_empty=True, extra="ignore")

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL of the app, in any driver's spelling; unset: the embedded server."
    )
    dagster_database_url: SecretStr | None = Field(
        None, description="The same database, where Dagster logs in as another role."
    )
    ncaa_api_url: str = Field("https://ncaa-api.henrygd.me", description="Base URL of henrygd/ncaa-api.")
    ncaa_api_key: SecretStr | None = Field(None, description="Sent as `x-ncaa-key`.")
    ncaa_api_requests_per_second: float = Field(
        5, gt=0, description="Of all processes on one database together; `inf` where you host the API yourself."
    )
    gamepulse_home: Path = Field(PROJECT / ".gamepulse", description="State of this machine: the embedded server.")
    gamepulse_log: Literal["console", "json"] = Field("console", description="`json` in production.")
