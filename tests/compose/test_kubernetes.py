"""Executes deploy/kubernetes: code server, daemon, webserver and runs as confined pods of a stand-in for a cluster."""

import copy
import datetime as dt
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from support.cluster import Cluster
from support.dagster_stack import free_port, until
from support.databases import Databases
from support.helm_chart import Chart
from support.invariants import assert_same, clean_tables, tables
from support.postgres_servers import IMAGE as POSTGRES_IMAGE
from support.webserver import Webserver

from pipelines.postgres.roles import DAGSTER, PIPELINE, READER
from pipelines.schedules import TICK_TAGS
from pipelines.seasons import eastern_date
from simulator.server import Served, serving

from .conftest import PROJECT, build, run

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]

FOLDER = PROJECT / "deploy/kubernetes"
IMAGE = f"gamepulse-kubernetes-test-{os.getpid()}"
CODE_SERVER, WEBSERVER, DAEMON = "dagster-dagster-user-deployments-gamepulse", "dagster-webserver", "dagster-daemon"
TODAY = eastern_date(dt.datetime.now(dt.UTC))
DATES = [TODAY - dt.timedelta(days=days) for days in range(20, 12, -1)]
KILLED, TICK, TERMINATED = DATES[1], TODAY - dt.timedelta(days=11), TODAY - dt.timedelta(days=10)
RUNS = """query ($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results {
    runId status tags { key value } } } } }"""


class Kubernetes(Webserver):
    """The chart's pods in a cluster, their API and their database."""

    def __init__(self, cluster: Cluster, url: sa.URL, api: Served) -> None:
        super().__init__(free_port(), "__repository__")
        self.location["repositoryLocationName"] = "gamepulse"
        self.cluster, self.url, self.api = cluster, url, api
        self.manifests = {
            (manifest["kind"], manifest["metadata"]["name"]): manifest
            for path in FOLDER.glob("*.yaml")
            for manifest in yaml.safe_load_all(path.read_text())
            if "kind" in manifest
        }
        for (kind, name), manifest in self.manifests.items():
            if kind == "Secret":
                cluster.secrets[name] = dict(manifest["stringData"])
        services, administrator = cluster.secrets["gamepulse"], cluster.secrets["gamepulse-administrator"]
        for variable, user in (("DATABASE_URL", PIPELINE), ("DAGSTER_DATABASE_URL", DAGSTER)):
            services[variable] = str(url._replace(username=user, password=None))
        services["NCAA_API_URL"] = api.url
        administrator["DATABASE_URL"] = str(url._replace(password=None))
        administrator["DATABASE_PASSWORD"] = str(url.password)
        cluster.config_maps["kubeconfig"] = {"config": cluster.kubeconfig()}
        self.chart = Chart(self._values())
        cluster.config_maps |= self.chart.config_maps()
        cluster.services.add("gamepulse")

    def _values(self) -> dict[str, Any]:
        """Returns the values with the addresses of this machine, and less at once."""
        values = yaml.safe_load((FOLDER / "values.yaml").read_text())
        values = json.loads(json.dumps(values))  # without YAML's aliases
        image = {"repository": IMAGE.partition(":")[0], "tag": "latest", "pullPolicy": "Never"}
        [code] = values["dagster-user-deployments"]["deployments"]
        code |= {"image": image, "port": free_port()}
        for service in (values["dagsterDaemon"], values["dagsterWebserver"]):
            service["image"] = image
            service["volumes"].append({"name": "kubernetes", "configMap": {"name": "kubeconfig"}})
            service["volumeMounts"].append({"name": "kubernetes", "mountPath": "/kubernetes"})
        values["dagsterWebserver"]["service"]["port"] = self.port
        values["dagsterWebserver"]["readinessProbe"]["httpGet"]["port"] = self.port
        launcher = values["runLauncher"]["config"]["k8sRunLauncher"]
        launcher |= {"loadInclusterConfig": False, "kubeconfigFile": "/kubernetes/config"}
        values["postgresql"] |= {
            "postgresqlHost": self.url.host,
            "postgresqlDatabase": self.url.database,
            "service": {"port": self.url.port},
        }
        instance = values["additionalInstanceConfig"]
        instance["concurrency"]["runs"]["max_concurrent_runs"] = 3
        for limit in instance["concurrency"]["runs"]["tag_concurrency_limits"][1:]:
            limit["limit"] = 2
        instance["run_monitoring"]["poll_interval_seconds"] = 5
        return dict(values)

    def run_job(self, name: str, job: dict[str, Any], image: str) -> None:
        """Runs a Job of a manifest with an image, and waits until it succeeded."""
        pod = copy.deepcopy(job["spec"]["template"]["spec"])
        pod["containers"][0]["image"] = image
        self.cluster.start(name, pod)
        until(f"{name} ends", lambda: self.cluster.exit_code(name) is not None, 120)
        assert self.cluster.exit_code(name) == 0, self.cluster.logs(name)

    def start(self) -> None:
        """Starts the chart's pods, all but the webserver for guests, without automation."""
        pods = self.chart.pods()
        for name in (CODE_SERVER, WEBSERVER):
            self.cluster.start(name, pods[name])
            until("it is ready", lambda name=name: self.cluster.is_ready(name), 120)
        self.stop_automation()
        self.cluster.start(DAEMON, pods[DAEMON])

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """Returns the runs with these tags, oldest first."""
        wanted = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        return list(reversed(self.graphql(RUNS, filter=wanted)["runsOrError"]["results"]))

    def status(self, run_id: str) -> str:
        return str(self.graphql(RUNS, filter={"runIds": [run_id]})["runsOrError"]["results"][0]["status"])

    def wait_for_request(self, date: dt.date) -> None:
        """Waits until the scoreboard of a date was requested."""
        path = f"/scoreboard/basketball-men/d1/{date:%Y/%m/%d}"
        requests = self.api.simulator.requests
        until(f"{date} is requested", lambda: any(path in request.path for request in requests), 90)


def job_of(run_id: str) -> str:
    return f"dagster-run-{run_id}"


@pytest.fixture(scope="module")
def kubernetes_image() -> Iterator[str]:
    """The image with Dagster's launcher for Kubernetes."""
    yield build(IMAGE, "--build-arg", "EXTRA=kubernetes")
    run("docker", "image", "rm", "-f", IMAGE)


@pytest.fixture(scope="module")
def kubernetes(
    kubernetes_image: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kubernetes]:
    """A cluster whose tables were made by the Job of migrate.yaml, and in which the chart's pods run."""
    cluster = Cluster(IMAGE, tmp_path_factory.mktemp("cluster"))
    try:
        with databases.temporary(migrated=False) as url, serving() as api:
            try:
                kubernetes = Kubernetes(cluster, url, api)
                kubernetes.run_job("migrate", kubernetes.manifests["Job", "gamepulse-migrate"], kubernetes_image)
                kubernetes.start()
                yield kubernetes
            finally:
                cluster.close()
    finally:
        with databases.administrator.connect() as connection:
            for role in (PIPELINE, DAGSTER, READER):
                connection.execute(sa.text(f"DROP ROLE IF EXISTS {role}"))


def test_a_backfill_is_a_pod_per_date_a_tick_goes_first_and_a_killed_pod_is_replaced(
    kubernetes: Kubernetes, databases: Databases
) -> None:
    cluster, api = kubernetes.cluster, kubernetes.api
    api.simulator.faults.set({"hang": {"dates": [KILLED.isoformat()], "times": 1, "seconds": 60}})
    backfill = kubernetes.backfill([date.isoformat() for date in DATES])
    of_backfill = {"dagster/backfill": backfill}
    until("more runs than slots are queued", lambda: len(kubernetes.runs(**of_backfill)) > 3, 120)
    tick = kubernetes.launch({"dagster/partition": TICK.isoformat(), **TICK_TAGS})

    kubernetes.wait_for_request(KILLED)
    [victim] = kubernetes.runs(**of_backfill, **{"dagster/partition": KILLED.isoformat()})
    cluster.kill(job_of(victim["runId"]))

    dates = {date.isoformat() for date in [*DATES, TICK]}
    statuses: dict[str, str] = {}

    def all_loaded() -> bool:
        statuses.update(kubernetes.partition_statuses())
        return dates <= {date for date, status in statuses.items() if status == "MATERIALIZED"}

    until("all dates are loaded", all_loaded, 300)
    until("all runs ended", lambda: all(r["status"] in ("SUCCESS", "FAILURE") for r in kubernetes.runs()), 60)

    jobs = list(cluster.jobs)
    runs = kubernetes.runs(**of_backfill)
    retries = [r["runId"] for r in runs if any(tag["key"] == "dagster/parent_run_id" for tag in r["tags"])]
    assert len(retries) == 1
    assert [r["runId"] for r in runs if r["status"] == "FAILURE"] == [victim["runId"]]
    assert {job_of(r["runId"]) for r in runs} | {job_of(tick)} == set(jobs)
    assert len(jobs) == len(DATES) + 2  # the tick's and the retry's
    assert jobs.index(job_of(tick)) < len(DATES) - 1, "the tick waited for the backfill"

    moments = sorted(request.at for request in api.simulator.requests)
    assert all(later - earlier > 1 for earlier, later in zip(moments, moments[5:], strict=False))
    assert_same(tables(kubernetes.url), clean_tables(databases, api.url, [*DATES, TICK]))


def test_every_pod_is_confined(kubernetes: Kubernetes) -> None:
    jobs = kubernetes.cluster.jobs
    for name in (CODE_SERVER, DAEMON, WEBSERVER, "migrate", *jobs):
        found = kubernetes.cluster.inspect(name)
        host = found["HostConfig"]
        assert found["Config"]["User"] == "10001:10001", name
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"]) == (True, ["ALL"], None), name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0, name
    tokens = {job["spec"]["template"]["spec"]["automountServiceAccountToken"] for job in jobs.values()}
    assert tokens == {False}, "a run may talk to Kubernetes"


def test_terminate_ends_a_pod(kubernetes: Kubernetes) -> None:
    kubernetes.api.simulator.faults.set({"hang": {"dates": [TERMINATED.isoformat()], "seconds": 120}})
    run_id = kubernetes.launch({"dagster/partition": TERMINATED.isoformat()})
    kubernetes.wait_for_request(TERMINATED)
    kubernetes.terminate(run_id)
    until("the run is canceled", lambda: kubernetes.status(run_id) == "CANCELED", 60)
    ended = until("its pod ended", lambda: kubernetes.cluster.exit_code(job_of(run_id)) is not None, 30)
    assert ended
    assert kubernetes.cluster.exit_code(job_of(run_id)) != 137, "it had to be killed"
    kubernetes.api.simulator.faults.set({})


def test_the_daemon_passes_its_probe(kubernetes: Kubernetes) -> None:
    until("it is ready", lambda: kubernetes.cluster.is_ready(DAEMON), 60)


def test_the_manifests_are_objects_of_kubernetes(kubernetes: Kubernetes, kubernetes_image: str) -> None:
    check = """
import json, sys, kubernetes.client as client
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
for kind, manifest in json.load(sys.stdin):
    model = getattr(client, "V1" + kind)
    try:
        k8s_model_from_dict(model, k8s_snake_case_dict(model, manifest))
    except Exception as error:
        print(kind, error)
"""
    manifests = [(kind, manifest) for (kind, _), manifest in kubernetes.manifests.items()]
    wrong = {"spec": {"typo": {}}}
    command = ("docker", "run", "--rm", "-i", kubernetes_image, "python", "-c", check)
    [found] = run(*command, given=json.dumps([*manifests, ("NetworkPolicy", wrong)])).splitlines()
    assert "NetworkPolicy" in found
    assert "typo" in found


def test_the_backup_is_made_and_read(kubernetes: Kubernetes) -> None:
    job = kubernetes.manifests["CronJob", "gamepulse-backup"]["spec"]["jobTemplate"]
    kubernetes.run_job("backup", job, POSTGRES_IMAGE)
    [dump] = (kubernetes.cluster.folder / "gamepulse-backups").iterdir()
    assert dump.stem in "1234567"
    assert dump.read_bytes().startswith(b"PGDMP")
