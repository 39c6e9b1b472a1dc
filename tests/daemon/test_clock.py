"""A clock that went back stops Dagster's daemon. It is noticed, and the runbook's statements start it again."""

import datetime as dt
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from support import dagster_history
from support.dagster_stack import PROJECT, Stack, new_stack, until
from support.databases import Databases
from support.postgres_servers import settings_for

from pipelines.health.check import history_problems, read_history
from pipelines.runtime.history import Problem

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]

[STATEMENTS] = re.findall(r"psql <<'SQL'\n(.*?)SQL\n", (PROJECT / "docs/runbook.md").read_text(), re.DOTALL)


def problems(stack: Stack) -> list[Problem]:
    return history_problems(read_history(settings_for(stack.url)), dt.datetime.now(dt.UTC))


def test_the_daemon_works_again_once_it_forgot_the_future(databases: Databases, tmp_path: Path) -> None:
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    with databases.temporary() as url, new_stack(url, tmp_path) as stack:
        dagster_history.work(stack.instance, ahead)
        stack.start_daemon()
        until("the daemon beats", lambda: "heartbeat" not in problems(stack)[0].sentence, 60)
        assert [problem.cause for problem in problems(stack)] == ["clock"], "its sensors wait for the future"
        stack.stop()
        with stack.engine.begin() as connection:
            connection.execute(sa.text(STATEMENTS))
        stack.start_daemon()
        until("its sensors are evaluated", lambda: problems(stack) == [], 60)
        stack.stop()
