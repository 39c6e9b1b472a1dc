"""A PostgreSQL URL of any spelling means the same to psql, psycopg2 and asyncpg, or is refused without its password."""

import asyncio

import asyncpg
import psycopg2.extensions
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from support.spellings import ABSENT, REFUSED, TLS, WORKING

from pipelines.errors import ConfigurationError
from pipelines.postgres.url import asyncpg_arguments, describe, libpq_text, libpq_url, psycopg2_arguments

SECRET = "hunter2"
PARTS = {
    "login": f"fan:{SECRET}",
    "user": "fan",
    "password": SECRET,
    "address": "db.example.org:5433",
    "host": "db.example.org",
    "port": "5433",
    "name": "games",
    "ca": "/etc/ca.pem",
}


def parameters(url: sa.URL) -> dict[str, str]:
    parsed: dict[str, str] = psycopg2.extensions.parse_dsn(libpq_text(url))
    return parsed


@pytest.mark.parametrize("spelling", [*WORKING.values(), *TLS.values(), *ABSENT.values()])
def test_a_url_is_read_again_as_the_same_one(spelling: str) -> None:
    url = libpq_url(spelling.format(**PARTS))
    assert libpq_url(libpq_text(url)) == url
    assert SECRET not in describe(url) + libpq_text(url, hide_password=True)


@pytest.mark.parametrize("spelling", REFUSED.values(), ids=REFUSED.keys())
def test_a_spelling_that_clients_read_differently_is_refused_in_a_sentence(spelling: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^DAGSTER_DATABASE_URL .* expected postgresql://USER:\S+\.$"
    ) as caught:
        libpq_url(spelling.format(**PARTS), "DAGSTER_DATABASE_URL")
    assert SECRET not in str(caught.value)


@settings(max_examples=40)
@given(
    user=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
)
def test_user_password_and_database_may_have_any_characters(user: str, password: str, name: str) -> None:
    url = sa.URL.create("postgresql", user, password, "db.example.org", 5432, name)
    assert libpq_url(libpq_text(url)) == url
    assert parameters(url) == {
        "user": user,
        "password": password,
        "host": "db.example.org",
        "port": "5432",
        "dbname": name,
    }


@pytest.mark.parametrize(
    "between", ["@", "@@", "/", "#", "?", "%", "&", "=", ":", "@/", "?=", "?&", "@?", "/?", ":/", " "]
)
@pytest.mark.parametrize("tail", ["", "?sslmode=require", "?password=another"])
def test_no_part_of_a_password_that_is_not_percent_encoded_is_shown(between: str, tail: str) -> None:
    try:
        message = describe(libpq_url(f"postgresql://fan:9471{between}8352@db.example.org/games{tail}"))
    except ConfigurationError as error:
        message = str(error)
    else:
        assert message == "'games' at db.example.org:5432 as fan"
    assert "9471" not in message
    assert "8352" not in message


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "games",
        SECRET,
        f"fan:{SECRET}@db.example.org/games",
        f"postgresql//fan:{SECRET}@db.example.org/games",
        f"postgresql://fan:{SECRET}@db.example.org:port/games",
        f"postgresql://fan:{SECRET}@db.example.org:5432",
        f"postgresql://fan:{SECRET}@db.example.org:5432/",
        f"postgresql://fan@db.example.org/games?password=x&{SECRET}=1",
        f"host=db.example.org password=a {SECRET} dbname=games",
        f"mysql://fan:{SECRET}@db.example.org/games",
        f"sqlite:///{SECRET}.db",
        f"http://fan:{SECRET}@db.example.org/games",
    ],
)
def test_nothing_of_a_text_that_is_no_url_is_shown(spelled: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL ") as caught:
        libpq_url(spelled)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__, "a traceback shows no password either"


def test_whitespace_around_a_url_is_ignored() -> None:
    assert libpq_text(libpq_url(" postgresql://db.example.org/games\n")) == "postgresql://db.example.org/games"


def test_several_hosts_and_sockets_keep_their_ports() -> None:
    url = libpq_url("postgresql://fan@h1,[::1]:5433/games")
    assert describe(url) == "'games' at h1:5432,::1:5433 as fan"
    assert [(each["host"], each["port"]) for each in asyncpg_arguments(url)] == [("h1", None), ("::1", 5433)]
    assert parameters(url)["target_session_attrs"] == "read-write", "of several hosts some may be standbys"
    assert describe(libpq_url("postgresql://%2Frun%2Fpg/games")) == "'games' at /run/pg:5432 as the default user"


def test_clients_notice_a_connection_that_is_dead_unless_the_url_says_otherwise() -> None:
    url = libpq_url("postgresql://fan@db.example.org/games?keepalives_idle=60&connect_timeout=3")
    arguments = psycopg2_arguments(url)
    assert {key: arguments[key] for key in ("connect_timeout", "keepalives_idle", "keepalives_interval")} == {
        "connect_timeout": "3",
        "keepalives_idle": "60",
        "keepalives_interval": "5",
    }
    assert [each["timeout"] for each in asyncpg_arguments(url)] == [3.0]


def test_channel_binding_makes_asyncpg_verify_the_certificate() -> None:
    [arguments] = asyncpg_arguments(
        libpq_url("postgresql://fan@db.example.org/games?sslmode=require&channel_binding=require")
    )
    assert arguments["ssl"].check_hostname
    [arguments] = asyncpg_arguments(libpq_url("postgresql://fan@db.example.org/games?sslmode=require"))
    assert arguments["ssl"] is None
    assert arguments["dsn"] == "postgresql://?sslmode=require"


def test_asyncpg_takes_its_arguments() -> None:
    for spelling in (*WORKING.values(), *ABSENT.values()):
        for arguments in asyncpg_arguments(libpq_url(spelling.format(**PARTS | {"address": "127.0.0.1:1"}))):
            with pytest.raises((OSError, asyncpg.TargetServerAttributeNotMatched)):
                asyncio.run(asyncpg.connect(**arguments | {"host": "127.0.0.1", "port": 1}))
