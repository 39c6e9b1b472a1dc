"""PostgreSQL URLs of any driver are normalized for libpq and asyncpg."""

import psycopg2.extensions
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import ConfigurationError
from pipelines.postgres.url import libpq_url, psycopg2_url

SECRET = "hunter2"


def text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize(
    "driver",
    [
        "postgresql",
        "postgres",
        "postgresql+asyncpg",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+psycopg_async",
        "postgresql+pg8000",
    ],
)
def test_any_driver_becomes_postgresql(driver: str) -> None:
    url = libpq_url(f"{driver}://fan:{SECRET}@db.example:5433/games")
    assert text(url) == f"postgresql://fan:{SECRET}@db.example:5433/games"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?ssl=require", "?sslmode=require"),
        ("?ssl=verify-full", "?sslmode=verify-full"),
        ("?sslmode=require", "?sslmode=require"),
        ("?application_name=fans&ssl=disable", "?application_name=fans&sslmode=disable"),
        ("", ""),
    ],
)
def test_asyncpgs_ssl_is_libpqs_sslmode(query: str, expected: str) -> None:
    assert (
        text(libpq_url(f"postgresql+asyncpg://db.example/games{query}")) == f"postgresql://db.example/games{expected}"
    )


def test_whitespace_around_a_url_is_ignored() -> None:
    assert text(libpq_url(" postgresql://db.example/games\n")) == "postgresql://db.example/games"


def test_a_socket_directory_stays_in_the_query() -> None:
    url = libpq_url("postgresql+psycopg2://fan@/games?host=/var/run/postgresql")
    assert (url.host, url.database, url.query["host"]) == (None, "games", "/var/run/postgresql")


@settings(max_examples=40)
@given(user=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), password=st.text(min_size=1))
def test_user_and_password_may_have_any_characters(user: str, password: str) -> None:
    spelled = text(sa.URL.create("postgresql+asyncpg", user, password, "db.example", 5432, "games"))
    url = libpq_url(spelled)
    assert (url.username, url.password, url.host, url.database) == (user, password, "db.example", "games")


@pytest.mark.parametrize("password", ["p@ss", "a:b/c?d#e", "100%", "two words", "Grüße", "q'uote\"s", "[x]"])
def test_libpq_reads_the_same_password_from_the_url(password: str) -> None:
    url = libpq_url(text(sa.URL.create("postgresql+asyncpg", "fan", password, "db.example", 5432, "games")))
    parameters = psycopg2.extensions.parse_dsn(text(url))
    assert parameters == {
        "user": "fan",
        "password": password,
        "host": "db.example",
        "port": "5432",
        "dbname": "games",
    }


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "games",
        SECRET,
        f"fan:{SECRET}@db.example/games",
        f"postgresql//fan:{SECRET}@db.example/games",
        f"postgresql://fan:{SECRET}@db.example:port/games",
        f"postgresql://fan:{SECRET}@db.example:5432",
        f"postgresql://fan:{SECRET}@db.example:5432/",
        f"mysql://fan:{SECRET}@db.example/games",
        f"mysql+pymysql://fan:{SECRET}@db.example/games",
        f"sqlite:///{SECRET}.db",
        f"http://fan:{SECRET}@db.example/games",
    ],
)
def test_anything_but_a_postgresql_url_is_refused_without_printing_its_password(spelled: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        libpq_url(spelled)
    assert str(caught.value).startswith("DATABASE_URL ")
    assert "postgresql://USER:PASSWORD@HOST:5432/DATABASE" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "a traceback shows no password either"


def test_psycopg2_urls_name_the_driver_and_the_schema() -> None:
    url = psycopg2_url(libpq_url(f"postgresql://fan:{SECRET}@db.example/games?ssl=require"), "dagster")
    assert url.drivername == "postgresql+psycopg2"
    assert dict(url.query) == {"sslmode": "require", "options": "-csearch_path=dagster"}
    assert url.password == SECRET


def test_psycopg2_keeps_the_options_that_the_url_has() -> None:
    url = psycopg2_url(libpq_url("postgresql://db.example/games?options=-cstatement_timeout%3D5000"), "dagster")
    assert "-cstatement_timeout=5000" in url.query["options"]
    assert "-csearch_path=dagster" in url.query["options"]
