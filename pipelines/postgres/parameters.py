"""Reads a PostgreSQL URL, in any documented spelling, into libpq's connection parameters.

libpq's own parser reads it, so psql, psycopg2 and asyncpg are handed the same values. This module imports only the
driver, because the daemon's health check reads the URL every 15 seconds.
"""

import os
import re
from typing import Final, NoReturn

import psycopg2
from psycopg2.extensions import parse_dsn

from pipelines.errors import ConfigurationError

DEFAULTS: Final = {
    "connect_timeout": "10",
    # A connection that a firewall forgot ends after 20 seconds without an answer; Linux's own settings take 16 minutes.
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}

_ANY: Final = ".*"
_NUMBER: Final = "[0-9]+"
_POSITIVE: Final = "[1-9][0-9]*"
_VALUES: Final[dict[str, str]] = {
    "host": _ANY,
    "port": _ANY,
    "user": _ANY,
    "password": _ANY,
    "dbname": _ANY,
    "passfile": _ANY,
    "connect_timeout": _NUMBER,
    "keepalives": "0|1",
    "keepalives_idle": _POSITIVE,
    "keepalives_interval": _POSITIVE,
    "keepalives_count": _POSITIVE,
    "tcp_user_timeout": _NUMBER,
    "application_name": _ANY,
    "fallback_application_name": _ANY,
    "options": _ANY,
    "client_encoding": "auto|utf-?8|UTF-?8",
    "sslmode": "disable|allow|prefer|require|verify-ca|verify-full",
    "sslnegotiation": "postgres|direct",
    "sslrootcert": _ANY,
    "sslcert": _ANY,
    "sslkey": _ANY,
    "sslpassword": _ANY,
    "sslcrl": _ANY,
    "sslcompression": "0",
    "sslsni": "1",
    "ssl_min_protocol_version": "TLSv1.2|TLSv1.3",
    "ssl_max_protocol_version": "TLSv1.2|TLSv1.3",
    "channel_binding": "disable|prefer|require",
    "gssencmode": "disable|prefer",
    "krbsrvname": _ANY,
    "target_session_attrs": "any|primary|read-write",  # a read-only server is of no use to a pipeline
}
"""libpq's parameters that all three clients honor, each with a pattern of its values."""

# They configure the pool or the statement cache of another client.
_OF_OTHER_CLIENTS: Final = {
    "connection_limit",
    "pgbouncer",
    "pool",
    "pool_timeout",
    "prepared_statement_cache_size",
    "prepared_statements",
    "socket_timeout",
    "statement_cache_size",
    "supa",
}
_SCHEME: Final = re.compile(r"postgres(ql)?(\+\w+)?://")
_HOST: Final = re.compile(r"/.+|[\w.-]+|(?=.*:.*:)[0-9A-Fa-f:.]+(%\w+)?")  # a socket's folder, a name, an address
_SSL: Final = {"true": "require", "1": "require", "false": "disable", "0": "disable"}


def read_parameters(text: str, variable: str = "DATABASE_URL") -> dict[str, str]:
    """Returns libpq's parameters of a URL, in any driver's spelling, or of `key=value` pairs.

    Raises:
        ConfigurationError: the text is not a PostgreSQL URL with host and database, or one of the three clients does
            not support a parameter. The message shows nothing of a text that cannot be parsed: it may hold a password.
    """
    text = text.strip()
    if scheme := _SCHEME.match(text):
        text = _libpq_spelling(text[scheme.end() :], variable)
    try:
        parameters: dict[str, str] = parse_dsn(text)
    except (psycopg2.ProgrammingError, ValueError):
        _refuse_unparsable(variable)
    hosts, ports = parameters.get("host", "").split(","), parameters.get("port", "").split(",")
    if len(ports) not in (1, len(hosts)) or not all(re.fullmatch("[0-9]{0,5}", port) for port in ports):
        _refuse_unparsable(variable)
    if "host" in parameters:
        if not all(map(_HOST.fullmatch, hosts)):
            _refuse_unparsable(variable)
    elif "PGHOST" not in os.environ:
        _refuse(variable, "names no host: write localhost, or ?host= with the folder of the server's socket")
    if not parameters.get("dbname"):
        _refuse(variable, "names no database")
    _check_values(parameters, variable)
    if len(hosts) > 1:
        parameters.setdefault("target_session_attrs", "read-write")
    return parameters


def _libpq_spelling(text: str, variable: str) -> str:
    """Returns a URL after its scheme as libpq spells it: without the parameters that only other clients read."""
    base, _, query = text.partition("?")
    authority, _, path = base.partition("/")
    # libpq ends the password at the first @ and the server at the first /. It would take the rest of a password that is
    # not percent-encoded for host, database or parameters.
    if authority.count("@") > 1 or "#" in authority.rpartition("@")[2] or {"@", "/", "#"} & {*path} or "@" in query:
        _refuse_unparsable(variable)
    pairs: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if key in _OF_OTHER_CLIENTS or (key, value) == ("schema", "public"):
            continue
        if key == "ssl":
            key, value = "sslmode", _SSL.get(value, value)
        if key in pairs:
            _refuse(variable, "has a parameter twice (several hosts are HOST1:5432,HOST2:5432)")
        pairs[key] = value.replace("=", "%3D")
    return f"postgresql://{base}?{'&'.join(map('='.join, pairs.items()))}".rstrip("?")


def _check_values(parameters: dict[str, str], variable: str) -> None:
    for key, value in parameters.items():
        if key not in _VALUES:
            _refuse(variable, f"has `{key}`, which psql, psycopg2 and asyncpg do not all support")
        if re.fullmatch(_VALUES[key], value, re.DOTALL) is None:
            choices = (
                _VALUES[key].replace(_NUMBER, "a number").replace(_POSITIVE, "a number above 0").replace("|", " or ")
            )
            _refuse(variable, f"has a wrong `{key}`, which must be {choices}")
    if parameters.get("sslrootcert") == "system" and parameters.setdefault("sslmode", "verify-full") != "verify-full":
        _refuse(variable, "has `sslrootcert=system`, which needs `sslmode=verify-full`")


def _refuse(variable: str, problem: str) -> NoReturn:
    raise ConfigurationError(f"{variable} {problem}; expected postgresql://USER:PASSWORD@HOST:5432/DATABASE.") from None


def _refuse_unparsable(variable: str) -> NoReturn:
    _refuse(
        variable,
        "is not a PostgreSQL URL, or has a parameter that psql does not know (in user, password and values write % as "
        "%25, @ as %40, : as %3A, / as %2F, # as %23, ? as %3F, & as %26)",
    )
