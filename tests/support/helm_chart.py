"""What Dagster's Helm chart makes of deploy/kubernetes/values.yaml, since Helm is not installed where the tests run.

Written after the chart's templates and schema classes (dagster-io/dagster, helm/dagster, commit 0f2d9d8). A value that
it does not know is an error. It leaves out init containers, probes, services and accounts.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

HOME: Final = "/opt/dagster/dagster_home"
RELEASE: Final = "dagster"

_POD: Final = {
    *(
        "image",
        "env",
        "envConfigMaps",
        "envSecrets",
        "annotations",
        "labels",
        "nodeSelector",
        "affinity",
        "tolerations",
    ),
    *("podSecurityContext", "securityContext", "resources", "readinessProbe", "livenessProbe", "startupProbe"),
    *("schedulerName", "volumes", "volumeMounts"),
}
_DEPLOYMENT: Final = _POD | {"name", "port", "dagsterApiGrpcArgs", "codeServerArgs", "includeConfigInLaunchedRuns"}
_DAEMON: Final = _POD | {
    *("enabled", "runCoordinator", "heartbeatTolerance", "deploymentLabels", "runMonitoring", "runRetries", "sensors"),
    "schedules",
}
_WEBSERVER: Final = _POD | {
    *("replicaCount", "nameOverride", "pathPrefix", "service", "workspace", "deploymentLabels", "enableReadOnly"),
    *("dbStatementTimeout", "dbPoolRecycle", "logLevel"),
}
_LAUNCHER: Final = {
    *(
        "image",
        "imagePullPolicy",
        "jobNamespace",
        "loadInclusterConfig",
        "kubeconfigFile",
        "envConfigMaps",
        "envSecrets",
    ),
    *("envVars", "volumeMounts", "volumes", "labels", "failPodOnRunFailure", "resources", "schedulerName"),
    *("securityContext", "runK8sConfig"),
}
_RUN_CONFIG: Final = {"containerConfig", "podSpecConfig", "podTemplateSpecMetadata", "jobSpecConfig", "jobMetadata"}
_POSTGRESQL: Final = {
    *("image", "enabled", "postgresqlHost", "postgresqlUsername", "postgresqlPassword", "postgresqlDatabase"),
    *("postgresqlParams", "postgresqlScheme", "service"),
}
_CHART: Final = {
    *("dagsterWebserver", "dagster-user-deployments", "postgresql", "generatePostgresqlPasswordSecret", "ingress"),
    *(
        "generateCeleryConfigSecret",
        "rabbitmq",
        "redis",
        "flower",
        "imagePullSecrets",
        "computeLogManager",
        "scheduler",
    ),
    *("runLauncher", "pythonLogs", "dagsterDaemon", "busybox", "migrate", "telemetry", "serviceAccount", "global"),
    *("retention", "concurrency", "additionalInstanceConfig"),
}


class Chart:
    """The chart's objects for some values."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        _require_known(values, _CHART)
        self._daemon, self._webserver = values["dagsterDaemon"], values["dagsterWebserver"]
        [self._code] = values["dagster-user-deployments"]["deployments"]
        self._launcher = values["runLauncher"]["config"]["k8sRunLauncher"]
        self._postgresql, self._telemetry = values["postgresql"], values["telemetry"]
        self._password = values["global"]["postgresqlSecretName"]
        self._additional = values["additionalInstanceConfig"]
        for given, known in (
            (self._daemon, _DAEMON),
            (self._webserver, _WEBSERVER),
            (self._code, _DEPLOYMENT),
            (self._launcher, _LAUNCHER),
            (self._launcher["runK8sConfig"], _RUN_CONFIG),
            (self._postgresql, _POSTGRESQL),
        ):
            _require_known(given, known)
        # Otherwise the chart writes these sections itself, beside those of additionalInstanceConfig.
        for section in ("runCoordinator", "runMonitoring", "runRetries"):
            assert self._daemon[section] == {"enabled": False}

    def instance(self) -> dict[str, Any]:
        """Returns the configuration of the instance, which the chart writes to its `dagster.yaml`."""
        postgres = {
            "username": self._postgresql["postgresqlUsername"],
            "password": {"env": "DAGSTER_PG_PASSWORD"},
            "hostname": self._postgresql["postgresqlHost"],
            "db_name": self._postgresql["postgresqlDatabase"],
            "port": self._postgresql.get("service", {"port": 5432})["port"],
            "params": self._postgresql["postgresqlParams"],
            "scheme": self._postgresql["postgresqlScheme"],
        }
        launcher = {
            "load_incluster_config": self._launcher.get("loadInclusterConfig", True),
            "job_namespace": "default",
            "image_pull_policy": "Always",
            "service_account_name": RELEASE,
            "dagster_home": HOME,
            "instance_config_map": f"{RELEASE}-instance",
            "postgres_password_secret": self._password,
            "env_secrets": [secret["name"] for secret in self._launcher["envSecrets"]],
            "security_context": self._launcher["securityContext"],
            "run_k8s_config": {
                "container_config": self._launcher["runK8sConfig"]["containerConfig"],
                "pod_spec_config": self._launcher["runK8sConfig"]["podSpecConfig"],
                "job_spec_config": self._launcher["runK8sConfig"]["jobSpecConfig"],
            },
        }
        if "kubeconfigFile" in self._launcher:
            launcher["kubeconfig_file"] = self._launcher["kubeconfigFile"]
        written = {
            "scheduler": {"module": "dagster.core.scheduler", "class": "DagsterDaemonScheduler"},
            "schedule_storage": _storage("schedule_storage", "PostgresScheduleStorage", postgres),
            "run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": launcher},
            "run_storage": _storage("run_storage", "PostgresRunStorage", postgres),
            "event_log_storage": _storage("event_log", "PostgresEventLogStorage", postgres),
            "compute_logs": {
                "module": "dagster.core.storage.noop_compute_log_manager",
                "class": "NoOpComputeLogManager",
            },
            "telemetry": self._telemetry,
        }
        assert not written.keys() & self._additional.keys()
        return written | self._additional

    def config_maps(self) -> dict[str, dict[str, str]]:
        """Returns the chart's config maps by name."""
        server = {"host": "127.0.0.1", "port": self._code["port"], "location_name": self._code["name"]}
        home = {"DAGSTER_HOME": HOME}
        return {
            f"{RELEASE}-instance": {"dagster.yaml": yaml.safe_dump(self.instance())},
            f"{RELEASE}-workspace-yaml": {"workspace.yaml": yaml.safe_dump({"load_from": [{"grpc_server": server}]})},
            f"{RELEASE}-env": home,
            f"{RELEASE}-{self._code['name']}-user-env": {},
        }

    def pods(self) -> dict[str, dict[str, Any]]:
        """Returns the specifications of the pods of code server, daemon and webserver."""
        code, webserver_port = self._code, self._webserver["service"]["port"]
        workspace = "-w /dagster-workspace/workspace.yaml"
        context = {
            "image_pull_policy": code["image"]["pullPolicy"],
            "env_config_maps": [f"{RELEASE}-{code['name']}-user-env"],
            "env_secrets": [secret["name"] for secret in code["envSecrets"]],
            "volume_mounts": code["volumeMounts"],
            "volumes": code["volumes"],
            "resources": code["resources"],
            "namespace": "default",
            "service_account_name": f"{RELEASE}-user-deployments",
        }
        code_server = self._pod(code)
        code_server["containers"][0] |= {
            "args": ["dagster", "api", "grpc", "-h", "0.0.0.0", "-p", str(code["port"]), *code["dagsterApiGrpcArgs"]],
        }
        code_server["containers"][0]["env"] += [
            {"name": "DAGSTER_CURRENT_IMAGE", "value": _name(code["image"])},
            {"name": "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT", "value": json.dumps({"k8s": context})},
        ]
        daemon, webserver = self._pod(self._daemon), self._pod(self._webserver)
        for pod, command in (
            (daemon, f"dagster-daemon run {workspace}"),
            (webserver, f"dagster-webserver -h 0.0.0.0 -p {webserver_port} {workspace}"),
        ):
            container = pod["containers"][0]
            container["command"] = ["/bin/bash", "-c", command]
            container["volumeMounts"] = [
                {"name": "dagster-instance", "mountPath": f"{HOME}/dagster.yaml", "subPath": "dagster.yaml"},
                {"name": "dagster-workspace-yaml", "mountPath": "/dagster-workspace/"},
                *container["volumeMounts"],
            ]
            pod["volumes"] = [
                {"name": "dagster-instance", "configMap": {"name": f"{RELEASE}-instance"}},
                {"name": "dagster-workspace-yaml", "configMap": {"name": f"{RELEASE}-workspace-yaml"}},
                *pod["volumes"],
            ]
        return {"code-server": code_server, "daemon": daemon, "webserver": webserver}

    def _pod(self, given: Mapping[str, Any]) -> dict[str, Any]:
        password = {"secretKeyRef": {"name": self._password, "key": "postgresql-password"}}
        container = {
            "name": RELEASE,
            "image": _name(given["image"]),
            "securityContext": given["securityContext"],
            "env": [{"name": "DAGSTER_PG_PASSWORD", "valueFrom": password}, *given.get("env", [])],
            "envFrom": [
                {"configMapRef": {"name": f"{RELEASE}-env"}},
                *({"secretRef": secret} for secret in given["envSecrets"]),
            ],
            "resources": given["resources"],
            "volumeMounts": [*given["volumeMounts"]],
        }
        return {
            "securityContext": given["podSecurityContext"],
            "containers": [container],
            "volumes": [*given["volumes"]],
        }


def _storage(module: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": f"dagster_postgres.{module}", "class": name, "config": {"postgres_db": config}}


def _name(image: Mapping[str, str]) -> str:
    return f"{image['repository']}:{image['tag']}"


def _require_known(given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(given.keys() - known)
    assert not unknown, f"the chart has no values {', '.join(unknown)}"
