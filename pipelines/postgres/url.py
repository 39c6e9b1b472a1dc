"""A PostgreSQL URL as SQLAlchemy's `URL`, and what each client is handed for it.

`URL` holds one host. Several hosts, or the folder of a socket, are in its query, as libpq spells them:
`postgresql://fan@/games?host=h1,h2&port=5432,5433`.
"""

import socket
import ssl
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import URL

from pipelines.postgres.parameters import DEFAULTS, read_parameters
from pipelines.settings import Settings

_TLS: Final = {
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
}
_SOCKET_OPTIONS: Final = {
    "TCP_KEEPIDLE": "keepalives_idle",  # Linux
    "TCP_KEEPALIVE": "keepalives_idle",  # macOS
    "TCP_KEEPINTVL": "keepalives_interval",
    "TCP_KEEPCNT": "keepalives_count",
    "TCP_USER_TIMEOUT": "tcp_user_timeout",  # Linux
}
_VERIFYING: Final = {"verify-ca", "verify-full"}


def libpq_url(text: str, variable: str = "DATABASE_URL") -> URL:
    """Returns the URL of any driver's spelling, with libpq's names of the parameters.

    Raises:
        ConfigurationError: the text is not a PostgreSQL URL that psql, psycopg2 and asyncpg all support. `variable`
            is the setting that the message names.
    """
    parameters = read_parameters(text, variable)
    user, password, name = (parameters.pop(key, None) for key in ("user", "password", "dbname"))
    host, port = parameters.get("host", ""), parameters.get("port", "")
    if host and "," not in host and not host.startswith("/"):
        del parameters["host"]
        number = parameters.pop("port", None)
        return URL.create("postgresql", user, password, host, int(number) if number else None, name, parameters)
    if not port.strip(","):
        parameters.pop("port", None)
    return URL.create("postgresql", user, password, None, None, name, parameters)


def libpq_text(url: URL, *, hide_password: bool = False) -> str:
    """Returns the URL as psql and `libpq_url` read it: SQLAlchemy would write a space as `+`. Hidden means left out."""
    parts = (url.username or "", None if hide_password else url.password)
    login = ":".join(quote(part, safe="") for part in parts if part is not None)
    host = f"[{url.host}]" if ":" in (url.host or "") else url.host or ""
    port = "" if url.port is None else f":{url.port}"
    query = urlencode(dict(url.query), safe="/,", quote_via=quote)
    return f"postgresql://{login}{login and '@'}{host}{port}/{quote(url.database or '', safe='')}{query and '?'}{query}"


def with_password(url: URL, settings: Settings) -> URL:
    """Adds the password of one of our roles where the URL has none: a setting of its own may hold any character."""
    password = settings.role_passwords.get(url.username or "")
    return url if password is None or url.password else url.set(password=password.get_secret_value())


def psycopg2_url(url: URL, search_path: str) -> URL:
    """Returns the URL of a plain SQLAlchemy engine with psycopg2, for tests and benchmarks.

    The driver is named because SQLAlchemy 2.1 takes a bare `postgresql://` for psycopg 3.
    """
    options = " ".join([*url.normalized_query.get("options", ()), f"-csearch_path={search_path}"])
    return url.set(drivername="postgresql+psycopg2").update_query_dict({"options": options})


def psycopg2_arguments(url: URL) -> dict[str, Any]:
    """Returns the arguments of `psycopg2.connect`."""
    return DEFAULTS | _parameters(url)


def asyncpg_arguments(url: URL) -> list[dict[str, Any]]:
    """Returns the arguments of `asyncpg.connect`, one set per host: asyncpg's own timeout is for all hosts together."""
    parameters = DEFAULTS | _parameters(url)
    tls = {key: value for key, value in parameters.items() if key in _TLS}
    context: ssl.SSLContext | None = None
    if parameters.get("channel_binding") == "require" and tls.get("sslmode") not in _VERIFYING:
        # asyncpg cannot bind the password to the TLS channel. Verifying the certificate keeps others out as well.
        tls = {"sslrootcert": "system"} | tls | {"sslmode": "verify-full"}
    if tls.get("sslrootcert") == "system":  # asyncpg takes it for the name of a file
        context = ssl.create_default_context()
        context.set_alpn_protocols(["postgresql"])
        if "sslcert" in tls:
            context.load_cert_chain(tls["sslcert"], tls.get("sslkey"), tls.get("sslpassword"))
        tls = {key: value for key, value in tls.items() if key == "sslnegotiation"}
    seconds = float(parameters["connect_timeout"])
    common = {
        "dsn": f"postgresql://?{urlencode(tls)}",
        "user": parameters.get("user"),
        "password": parameters.get("password"),
        "database": parameters["dbname"],
        "passfile": parameters.get("passfile"),
        "krbsrvname": parameters.get("krbsrvname"),
        "ssl": context,
        "timeout": seconds or None,
        "target_session_attrs": parameters.get("target_session_attrs"),
        "server_settings": {
            "application_name": parameters.get("application_name", "gamepulse"),
            **({"options": parameters["options"]} if "options" in parameters else {}),
        },
    }
    return [{**common, "host": host, "port": port} for host, port in _hosts(url)]


def set_keepalives(connected: socket.socket, url: URL) -> None:
    """Gives asyncpg's socket the options that libpq gives psycopg2's."""
    if connected.family == socket.AF_UNIX:
        return
    parameters = DEFAULTS | _parameters(url)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(parameters.get("keepalives", "1")))
    for name, parameter in _SOCKET_OPTIONS.items():
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), int(parameters[parameter]))


def describe(url: URL) -> str:
    """Returns database, hosts, ports and user for messages, without the password."""
    hosts = ",".join(f"{host or 'localhost'}:{port or 5432}" for host, port in _hosts(url))
    return f"{url.database!r} at {hosts} as {url.username or 'the default user'}"


def _parameters(url: URL) -> dict[str, str]:
    given = {"user": url.username, "password": url.password, "host": url.host, "port": url.port, "dbname": url.database}
    query = {key: value if isinstance(value, str) else value[-1] for key, value in url.query.items()}
    return {key: str(value) for key, value in given.items() if value is not None} | query


def _hosts(url: URL) -> list[tuple[str | None, int | None]]:
    parameters = _parameters(url)
    hosts, ports = parameters.get("host", "").split(","), parameters.get("port", "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    return [(host or None, int(port) if port else None) for host, port in zip(hosts, ports, strict=True)]
