"""Spellings of a PostgreSQL URL."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from pipelines.errors import ConfigurationError
from pipelines.settings import Settings


def libpq_url(url: str) -> URL:
    """The URL as libpq and asyncpg both understand it, from any driver's spelling.

    `postgres://`, `postgresql+asyncpg://…?ssl=require` and the like become `postgresql://…?sslmode=require`.

    Raises:
        ConfigurationError: it is not a PostgreSQL URL with a database in it.
    """
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        # The text may hold a password, so it is not quoted.
        raise ConfigurationError(
            "DATABASE_URL is not a URL; expected postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        ) from None
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            f"DATABASE_URL is for {parsed.get_backend_name()!r}; expected postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        )
    if not parsed.database:
        raise ConfigurationError(
            "DATABASE_URL names no database; expected postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        )
    query = {("sslmode" if key == "ssl" else key): value for key, value in parsed.query.items()}
    return parsed.set(drivername="postgresql", query=query)


def with_password(url: URL, settings: Settings) -> URL:
    """The URL of one of our roles needs no password in it: that is a setting of its own, of any characters."""
    password = settings.role_passwords.get(url.username or "")
    return url if password is None or url.password else url.set(password=password.get_secret_value())


def psycopg2_url(url: URL, search_path: str, timezone: str | None = None) -> URL:
    """For SQLAlchemy with psycopg2, with unqualified names in `search_path` and, where it matters, a zone.

    The driver is named since SQLAlchemy 2.1 takes a bare `postgresql://` for psycopg 3.
    """
    options = " ".join([*url.normalized_query.get("options", ()), f"-csearch_path={search_path}"])
    if timezone is not None:
        options += f" -ctimezone={timezone}"
    return url.set(drivername="postgresql+psycopg2").update_query_dict({"options": options})
