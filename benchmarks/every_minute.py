"""The code location with a tick every minute, because a benchmark cannot wait 15 minutes for each."""

from pipelines.definitions import defs

defs.resolve_schedule_def("ncaa_schedule")._cron_schedule = "* * * * *"
