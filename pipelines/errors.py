"""The one exception tree: every error that the pipeline raises is a `GamePulseError`.

Messages are sentences for the person on call: what was asked, what came, what to do. They carry no password.
"""


class GamePulseError(Exception):
    """Root of the tree. `retryable` says whether asking again later may succeed; retries follow from it alone."""

    retryable = False


class ConfigurationError(GamePulseError):
    """A setting is missing or wrong."""


class DatabaseError(GamePulseError):
    """The database cannot be used as it is."""


class DatabaseUnreachableError(DatabaseError):
    """Nobody answers, or the connection broke."""

    retryable = True


class DatabaseRefusedError(DatabaseError):
    """The database answered and said no: wrong password, unknown role or database."""


class DatabaseBusyError(DatabaseError):
    """A lock or a statement took longer than the limit."""

    retryable = True


class EmbeddedPostgresError(DatabaseError):
    """The embedded server cannot be used; the message says why and what to do."""


class SchemaError(DatabaseError):
    """The tables are not those of this code: behind, ahead, or somebody else's."""


class RolesError(DatabaseError):
    """The roles of the database cannot be made; the message has what an administrator has to do."""


class MixedGamesError(GamePulseError):
    """Simulated games for a database of real ones, or the other way round."""


class AlertError(GamePulseError):
    """The webhook did not take an alert. The message does not have its address, which is a secret."""


class NcaaApiError(GamePulseError):
    """The NCAA API did not give what was asked for."""


class ApiUnreachableError(NcaaApiError):
    """No connection, or it broke."""

    retryable = True


class ApiTimeoutError(NcaaApiError):
    """No whole answer within the limit."""

    retryable = True


class RateLimitedError(NcaaApiError):
    """429. `retry_after` is the server's wish in seconds, where it has one."""

    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UpstreamFailedError(NcaaApiError):
    """404 or 5xx, or an answer of the frozen legacy feed: the API is up, its source is not."""

    retryable = True


class EmptyScoreboardError(UpstreamFailedError):
    """No games on a day that should have some."""


class RequestRefusedError(NcaaApiError):
    """400, 401, 403, 422: asking again will not help."""


class NotAScoreboardError(NcaaApiError):
    """200, but HTML, truncated, too large, or of another shape."""


class NotACalendarError(NcaaApiError):
    """200, but no season calendar."""


class NotAGameError(NcaaApiError):
    """200, but not the contest asked for."""


class WrongDateError(NotAScoreboardError):
    """A scoreboard, but of another date: the API answers so when it does not understand a path."""
