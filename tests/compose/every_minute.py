"""The code location with a tick every minute: a test cannot wait for the quarter of an hour."""

from pipelines.definitions import defs

defs.resolve_schedule_def("ncaa_schedule")._cron_schedule = "* * * * *"
