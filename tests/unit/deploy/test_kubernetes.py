"""deploy/kubernetes agrees with dagster.yaml, Compose and the pinned versions, and its pods are confined."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.helm_chart import RELEASE, Chart

from pipelines.settings import PROJECT, Settings

FOLDER = PROJECT / "deploy/kubernetes"
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
MANIFESTS = [
    manifest
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.name != "values.yaml"
    for manifest in yaml.safe_load_all(path.read_text())
]
SECRETS = {
    manifest["metadata"]["name"]: manifest["stringData"] for manifest in MANIFESTS if manifest["kind"] == "Secret"
}
VERSION = re.findall('^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)[0]

OF_ONE_MACHINE = {"storage", "run_launcher"}
"""Sections of dagster.yaml of which the chart has its own."""
DIFFERS = {
    "compute_logs.module": "dagster._core.storage.noop_compute_log_manager",  # kubectl logs is known there
    "compute_logs.class": "NoOpComputeLogManager",
    "concurrency.runs.max_concurrent_runs": 10,
    "concurrency.runs.tag_concurrency_limits.1.limit": 8,
    "concurrency.runs.tag_concurrency_limits.2.limit": 8,
    "run_monitoring.start_timeout_seconds": 300,
    "run_monitoring.cancel_timeout_seconds": 60,
    "run_monitoring.max_resume_run_attempts": 0,
}
WEBSERVERS = {"dagster-webserver", "dagster-webserver-read-only"}
"""Deployments and services of the chart."""
CONFINED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def flat(node: Any, path: str = "") -> dict[str, Any]:
    """Returns the values of nested mappings and lists by their paths."""
    if not isinstance(node, dict | list):
        return {path: node}
    items = node.items() if isinstance(node, dict) else enumerate(node)
    return {
        key: value for name, child in items for key, value in flat(child, f"{path}.{name}" if path else name).items()
    }


def test_the_instance_of_the_cluster_differs_from_dagster_yaml_only_where_it_is_said() -> None:
    machine = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    cluster = Chart(VALUES).instance()
    coordinator = cluster.pop("run_coordinator")
    assert coordinator["class"] == "QueuedRunCoordinator"
    cluster["run_queue"] = coordinator["config"]
    cluster["compute_logs"]["module"] = cluster["compute_logs"]["module"].replace("dagster.core", "dagster._core")
    ours = flat({name: section for name, section in machine.items() if name not in OF_ONE_MACHINE})
    of_chart = {"scheduler", "schedule_storage", "run_storage", "event_log_storage", "run_launcher"}
    theirs = flat({name: section for name, section in cluster.items() if name not in of_chart})
    assert theirs == ours | DIFFERS
    assert all(ours.get(path) != value for path, value in DIFFERS.items())


def without_file(variables: dict[str, str]) -> set[str]:
    return {name.removesuffix("_FILE") for name in variables}


def test_compose_passes_every_setting_but_those_of_a_machine_without_containers() -> None:
    passed = without_file(COMPOSE["services"]["dagster-webserver"]["environment"])
    passed |= without_file(COMPOSE["services"]["migrate"]["environment"])
    of_one_machine = {"GAMEPULSE_HOME", "GAMEPULSE_LOG", "GAMEPULSE_SIMULATE", "GAMEPULSE_SIMULATOR_PORT"}
    assert {name.upper() for name in Settings.model_fields} == passed | of_one_machine


def test_the_folder_of_the_coverage_report_can_be_written_where_dagster_runs() -> None:
    [home] = re.findall(r"^ENV .*GAMEPULSE_HOME=(\S+)", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert home.startswith("/tmp/")
    assert COMPOSE["x-gamepulse"]["tmpfs"] == ["/tmp"]
    [location] = VALUES["dagster-user-deployments"]["deployments"]
    for pod in (location, VALUES["runLauncher"]["config"]["k8sRunLauncher"]):
        assert [mount["mountPath"] for mount in pod["volumeMounts"]] == ["/tmp"]


def test_the_secrets_have_every_variable_of_compose() -> None:
    services = COMPOSE["services"]
    assert SECRETS["gamepulse"].keys() == without_file(COMPOSE["x-environment"])
    # Dagster's tables are created by this login and given to Dagster's role.
    assert SECRETS["gamepulse-administrator"].keys() == without_file(services["migrate"]["environment"]) - {
        "DAGSTER_DATABASE_URL"
    }
    webserver = without_file(services["dagster-webserver"]["environment"]) - without_file(COMPOSE["x-environment"])
    assert {variable["name"] for variable in VALUES["dagsterWebserver"]["env"]} == webserver
    roles = [re.findall(r"//(\w+)@", url)[0] for url in SECRETS["gamepulse"].values() if "://" in url]
    assert roles == ["gamepulse_pipeline", VALUES["postgresql"]["postgresqlUsername"]]


def test_every_secret_and_service_that_is_named_exists() -> None:
    text = "".join(path.read_text() for path in FOLDER.glob("*.yaml"))
    named = set(
        re.findall(
            r"(?:secretRef: \{name|envSecrets: &secrets \[\{name|auth-secret|postgresqlSecretName): ([\w-]+)", text
        )
    )
    assert named == set(SECRETS)
    ports = {VALUES["dagsterWebserver"]["service"]["port"]}
    assert {int(port) for port in re.findall(r"number: (\d+)", text)} == ports
    assert VALUES["dagsterWebserver"]["readinessProbe"]["httpGet"]["port"] in ports
    claims = {manifest["metadata"]["name"] for manifest in MANIFESTS if manifest["kind"] == "PersistentVolumeClaim"}
    assert set(re.findall(r"claimName: ([\w-]+)", text)) == claims
    assert set(re.findall(r"service: {name: ([\w-]+)", text)) == WEBSERVERS < Chart(VALUES).pods().keys()


def test_nothing_comes_in_but_to_the_ports_of_webservers_and_code_server() -> None:
    policies = {m["metadata"]["name"]: m["spec"] for m in MANIFESTS if m["kind"] == "NetworkPolicy"}
    nothing = policies.pop("nothing-comes-in")
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress"]}
    opened = {
        name: {port["port"] for rule in spec["ingress"] for port in rule["ports"]} for name, spec in policies.items()
    }
    [code] = VALUES["dagster-user-deployments"]["deployments"]
    assert opened == {
        "ingress-to-webservers": {VALUES["dagsterWebserver"]["service"]["port"]},
        "dagster-to-code-server": {code["port"]},
    }
    # The chart's labels: of a webserver, its name; of a code server, of which there may be several, a common one.
    [webservers] = policies["ingress-to-webservers"]["podSelector"]["matchExpressions"]
    assert webservers == {"key": "component", "operator": "In", "values": sorted(WEBSERVERS)}
    assert policies["dagster-to-code-server"]["podSelector"] == {"matchLabels": {"component": "user-deployments"}}
    sources = [rule["from"] for name in sorted(policies) for rule in policies[name]["ingress"]]
    assert sources == [
        [{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": RELEASE}}}],
        [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
    ]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Returns the specifications of all pods by name."""
    yield from Chart(VALUES).pods().items()
    launcher = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
    run = {"securityContext": launcher["securityContext"], **launcher["runK8sConfig"]["containerConfig"]}
    yield "run", {**launcher["runK8sConfig"]["podSpecConfig"], "containers": [run]}
    for manifest in MANIFESTS:
        job = manifest.get("spec", {}).get("jobTemplate", manifest)
        if "template" in job.get("spec", {}):
            yield manifest["metadata"]["name"], job["spec"]["template"]["spec"]


def test_every_pod_is_confined_and_limited() -> None:
    names, chart = set(), {"dagster-dagster-user-deployments-gamepulse", "dagster-daemon", *WEBSERVERS}
    for name, pod in pods():
        names.add(name)
        context = pod["securityContext"]
        assert (context["runAsNonRoot"], context["runAsUser"]) == (True, 10001), name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        containers = [*pod.get("initContainers", []), *pod["containers"]]
        assert [container["securityContext"] for container in containers] == [CONFINED] * len(containers), name
        assert pod["containers"][0]["resources"]["limits"]["memory"], name
        # Only Dagster's own processes talk to Kubernetes.
        assert name in chart or pod["automountServiceAccountToken"] is False, name
    assert names == chart | {"run", "gamepulse-migrate", "gamepulse-backup"}


def test_both_webservers_are_behind_a_login() -> None:
    ingresses = [manifest for manifest in MANIFESTS if manifest["kind"] == "Ingress"]
    hosts = {ingress["spec"]["rules"][0]["host"] for ingress in ingresses}
    [allowed] = [variable["value"] for variable in VALUES["dagsterWebserver"]["env"] if variable["value"]]
    assert hosts < set(allowed.split(","))
    for ingress in ingresses:
        annotations, [tls] = ingress["metadata"]["annotations"], ingress["spec"]["tls"]
        assert tls["hosts"] == [ingress["spec"]["rules"][0]["host"]]
        assert annotations["nginx.ingress.kubernetes.io/auth-type"] == "basic"
        assert SECRETS[annotations["nginx.ingress.kubernetes.io/auth-secret"]].keys() == {"auth"}
    assert VALUES["ingress"] == {"enabled": False}


def test_versions_are_those_of_the_project() -> None:
    images = {pod["containers"][0].get("image") for name, pod in pods() if name != "gamepulse-backup"} - {None}
    assert images == {f"registry.example.org/gamepulse:{VERSION}"}
    pins = (PROJECT / "pyproject.toml").read_text()
    readme = (FOLDER / "README.md").read_text()
    assert set(re.findall(r"dagster/dagster --version ([\d.]+)", readme)) == set(re.findall('"dagster==(.+)"', pins))
    assert set(re.findall(r"gamepulse:([\d.]+\d)", readme)) == {VERSION}
    [backup] = [pod["containers"][0]["image"] for name, pod in pods() if name == "gamepulse-backup"]
    assert "{repository}:{tag}".format_map(VALUES["postgresql"]["image"]) == f"library/{backup}"
    assert backup == re.findall(r"POSTGRES_IMAGE:-([^}@]+)", COMPOSE["services"]["db"]["image"])[0]


@pytest.mark.parametrize("section", ["dagsterDaemon", "dagsterWebserver", "postgresql"])
def test_a_value_that_is_not_carried_out_is_noticed(section: str) -> None:
    with pytest.raises(AssertionError, match="the values typo are not carried out"):
        Chart({**VALUES, section: {**VALUES[section], "typo": 1}})
