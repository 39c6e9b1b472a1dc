"""The exceptions of this project.

GamePulseError
├── ConfigurationError
├── DatabaseError  +
│   ├── DatabaseUnreachableError  *
│   ├── DatabaseRefusedError
│   ├── DatabaseBusyError  *
│   ├── DatabaseFullError  *
│   ├── DatabaseReadOnlyError  *
│   ├── DatabaseConflictError  *
│   ├── EmbeddedPostgresError
│   ├── SchemaError
│   ├── BackupError
│   ├── ArchiveError
│   └── RolesError
├── TeamAliasError
├── MixedGamesError
├── ResolutionError
├── RecordingError
├── AlertError
├── ExportError
├── DetailsBudgetError
└── NcaaApiError
    ├── ApiUnreachableError  * +
    ├── ApiTimeoutError  * +
    ├── RateLimitedError  *
    ├── GatewayError  *
    ├── UpstreamFailedError  *
    │   └── EmptyScoreboardError  *
    ├── RequestRefusedError
    ├── NotAScoreboardError
    │   └── WrongDateError
    ├── NotGameDetailsError
    ├── NotACalendarError
    ├── NotStandingsError
    └── NotInArchiveError

* retryable; + local, with its subclasses
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.ncaa.raw import RawAnswer


class GamePulseError(Exception):
    """Base class. The message says what failed, the value that caused it and what to do; it contains no password."""

    retryable = False
    """Whether a later attempt may succeed. Dagster's retries depend on this alone."""
    is_local = False
    """Whether the cause is in this installation, its database or its network, and not in the source. Repairs of the
    date then begin within minutes."""


class ConfigurationError(GamePulseError):
    """A setting is missing or wrong."""


class DatabaseError(GamePulseError):
    """The database cannot be used, or it refused a statement."""

    is_local = True


class DatabaseUnreachableError(DatabaseError):
    """The server did not answer, or the connection dropped."""

    retryable = True


class DatabaseRefusedError(DatabaseError):
    """The server refused the connection: wrong password, unknown role or unknown database."""


class DatabaseBusyError(DatabaseError):
    """A lock, a statement or an idle transaction took longer than its limit, or no connection or memory is left."""

    retryable = True


class DatabaseFullError(DatabaseError):
    """The server's disk is full."""

    retryable = True


class DatabaseReadOnlyError(DatabaseError):
    """The server accepts no changes: a standby, a failover under way, or a provider's answer to a full disk."""

    retryable = True


class DatabaseConflictError(DatabaseError):
    """A deadlock or serialization failure: the transaction was rolled back and can be repeated."""

    retryable = True


class EmbeddedPostgresError(DatabaseError):
    """The embedded server cannot be installed, started or stopped."""


class SchemaError(DatabaseError):
    """The tables are older or newer than this code, or belong to another application."""


class BackupError(DatabaseError):
    """A backup cannot be made, is damaged, or cannot be restored."""


class ArchiveError(DatabaseError):
    """The archive of raw answers lacks a body, or cannot be copied."""


class RolesError(DatabaseError):
    """The database roles cannot be created. The message contains the statements an administrator must run."""


class TeamAliasError(GamePulseError):
    """An alias of `models/reference` joins two teams that played each other."""


class MixedGamesError(GamePulseError):
    """Simulated games for a database of real games, or real games for a database of simulated ones."""


class ResolutionError(GamePulseError):
    """A decision of a person about a game or a check is invalid."""


class RecordingError(GamePulseError):
    """A file of recorded answers cannot be read, or a folder has none."""


class AlertError(GamePulseError):
    """The webhook did not accept an alert. The message omits its address, which is a secret."""


class ExportError(GamePulseError):
    """An export cannot be made: nothing to export, a folder that cannot be used, or DuckDB is not installed."""


class DetailsBudgetError(GamePulseError):
    """The details of a date exceed what is left of the day's requests."""


class NcaaApiError(GamePulseError):
    """The NCAA API did not give a usable answer."""

    answer: "RawAnswer | None" = None
    """The answer that was refused, if one came."""


class ApiUnreachableError(NcaaApiError):
    """The API did not accept the connection, or the connection dropped."""

    retryable = True
    is_local = True  # most often the network or its DNS


class ApiTimeoutError(NcaaApiError):
    """The API did not give a complete answer within the timeout."""

    retryable = True
    is_local = True


class RateLimitedError(NcaaApiError):
    """The API answered 429."""

    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds from the answer's `Retry-After`; None without a valid one."""


class GatewayError(NcaaApiError):
    """A gateway answered in place of the API: 408, 425, a Cloudflare challenge, or HTML with status 200."""

    retryable = True


class UpstreamFailedError(NcaaApiError):
    """The API answered, but its source failed: 404, 5xx, or data of the frozen legacy feed."""

    retryable = True


class EmptyScoreboardError(UpstreamFailedError):
    """The scoreboard has no games on a date that must have some."""


class RequestRefusedError(NcaaApiError):
    """The API refused the request: 400, 401, 403, 422 and other statuses that a retry does not change."""


class NotAScoreboardError(NcaaApiError):
    """The answer to a scoreboard request is not JSON, too large, or of another shape."""


class WrongDateError(NotAScoreboardError):
    """The scoreboard is of another date, which is how the API answers a path that it does not recognize."""


class NotGameDetailsError(NcaaApiError):
    """The answer to a request for a game's details is of another shape, or about another game."""


class NotACalendarError(NcaaApiError):
    """The answer to a calendar request is not a season calendar."""


class NotStandingsError(NcaaApiError):
    """The answer to a standings request is not a page of standings."""


class NotInArchiveError(NcaaApiError):
    """Standings of another day than today, which the NCAA does not serve."""
