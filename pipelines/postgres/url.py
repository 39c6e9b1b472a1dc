"""Spellings of a PostgreSQL URL."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from pipelines.errors import ConfigurationError
from pipelines.settings import Settings


def libpq_url(url: str) -> URL:
    """Returns the URL in the spelling that libpq and asyncpg both understand, from any driver's spelling.

    `postgres://`, `postgresql+asyncpg://…?ssl=require` and the like become `postgresql://…?sslmode=require`.

    Raises:
        ConfigurationError: the text is not a PostgreSQL URL with a database name.
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
    """Adds the password of one of our roles where the URL has none: a setting of its own may hold any character."""
    password = settings.role_passwords.get(url.username or "")
    return url if password is None or url.password else url.set(password=password.get_secret_value())


def psycopg2_url(url: URL, search_path: str, timezone: str | None = None) -> URL:
    """Returns the URL for SQLAlchemy with psycopg2, with a search path and optionally a session time zone.

    The driver is named because SQLAlchemy 2.1 takes a bare `postgresql://` for psycopg 3.
    """
    options = " ".join([*url.normalized_query.get("options", ()), f"-csearch_path={search_path}"])
    if timezone is not None:
        options += f" -ctimezone={timezone}"
    return url.set(drivername="postgresql+psycopg2").update_query_dict({"options": options})


def describe(url: URL) -> str:
    """Returns database, host, port and user for messages, without the password."""
    return f"{url.database!r} at {url.host or 'localhost'}:{url.port or 5432} as {url.username or 'the default user'}"
