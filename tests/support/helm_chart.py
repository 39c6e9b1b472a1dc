"""What Dagster's Helm chart makes of deploy/kubernetes/values.yaml, since neither is to be had where the tests run.

`tests/unit/deploy/test_helm.py` compares it with Helm where a chart is; it was equal to that of Dagster 1.12.19.
A value that is not carried out here is an error. Roles, service accounts and labels are left out.
"""

from collections.abc import Mapping
from typing import Any, Final

import yaml

HOME: Final = "/opt/dagster/dagster_home"
RELEASE: Final = "dagster"

_POD: Final = {"image", "envSecrets", "podSecurityContext", "securityContext", "resources", "volumes", "volumeMounts"}
_CODE: Final = _POD | {"name", "port", "dagsterApiGrpcArgs", "includeConfigInLaunchedRuns"}
_DAEMON: Final = _POD | {*("readinessProbe", "runCoordinator", "runMonitoring", "runRetries", "sensors", "schedules")}
_WEBSERVER: Final = _POD | {"env", "readinessProbe", "nameOverride", "service", "enableReadOnly"}
_LAUNCHER: Final = {
    *("imagePullPolicy", "envSecrets", "volumes", "volumeMounts", "securityContext", "runK8sConfig"),
    *("loadInclusterConfig", "kubeconfigFile"),
}
_RUN_CONFIG: Final = {"containerConfig", "podSpecConfig", "jobSpecConfig"}
_POSTGRESQL: Final = {
    *("image", "enabled", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase", "postgresqlParams"),
    *("postgresqlScheme", "service"),
}
_CHART: Final = {
    *("dagsterWebserver", "dagsterDaemon", "dagster-user-deployments", "runLauncher", "postgresql", "global"),
    *("generatePostgresqlPasswordSecret", "ingress", "telemetry", "additionalInstanceConfig"),
}
_DISABLED: Final = {"enabled": False}


class Chart:
    """The chart's objects for some values."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._daemon, self._webserver = values["dagsterDaemon"], values["dagsterWebserver"]
        [self._code] = values["dagster-user-deployments"]["deployments"]
        self._launcher = values["runLauncher"]["config"]["k8sRunLauncher"]
        self._postgresql, self._telemetry = values["postgresql"], values["telemetry"]
        self._password = values["global"]["postgresqlSecretName"]
        self._additional = values["additionalInstanceConfig"]
        for given, known in (
            (values, _CHART),
            (self._daemon, _DAEMON),
            (self._webserver, _WEBSERVER),
            (self._code, _CODE),
            (self._launcher, _LAUNCHER),
            (self._launcher["runK8sConfig"], _RUN_CONFIG),
            (self._postgresql, _POSTGRESQL),
        ):
            unknown = sorted(given.keys() - known)
            assert not unknown, f"the values {', '.join(unknown)} are not carried out"
        assert self._postgresql["enabled"] is False
        # Else the chart writes these sections, or environment and token of the code server for the pods of the runs.
        assert self._code["includeConfigInLaunchedRuns"] == _DISABLED
        assert [self._daemon[section] for section in ("runMonitoring", "runRetries")] == [_DISABLED] * 2
        assert [self._daemon[section] for section in ("sensors", "schedules")] == [{"useThreads": False}] * 2

    def instance(self) -> dict[str, Any]:
        """Returns the configuration of the instance, which the chart writes to its `dagster.yaml`."""
        coordinator = self._daemon["runCoordinator"]
        assert (coordinator["enabled"], coordinator["type"]) == (True, "CustomRunCoordinator")
        postgres = {
            "username": self._postgresql["postgresqlUsername"],
            "password": {"env": "DAGSTER_PG_PASSWORD"},
            "hostname": self._postgresql["postgresqlHost"],
            "db_name": self._postgresql["postgresqlDatabase"],
            "port": self._port,
            "params": self._postgresql["postgresqlParams"],
            "scheme": self._postgresql["postgresqlScheme"],
        }
        launcher = {
            "load_incluster_config": self._launcher.get("loadInclusterConfig", True),
            "job_namespace": "default",
            "image_pull_policy": self._launcher["imagePullPolicy"],
            "service_account_name": RELEASE,
            "dagster_home": HOME,
            "instance_config_map": f"{RELEASE}-instance",
            "postgres_password_secret": self._password,
            "env_secrets": [secret["name"] for secret in self._launcher["envSecrets"]],
            "volume_mounts": self._launcher["volumeMounts"],
            "volumes": self._launcher["volumes"],
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
            "run_coordinator": coordinator["config"]["customRunCoordinator"],
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
        server = {"host": self._code["name"], "port": self._code["port"], "location_name": self._code["name"]}
        environment = {"DAGSTER_HOME": HOME, "DAGSTER_K8S_PIPELINE_RUN_NAMESPACE": "default"}
        return {
            f"{RELEASE}-instance": {"dagster.yaml": yaml.safe_dump(self.instance())},
            f"{RELEASE}-workspace-yaml": {"workspace.yaml": yaml.safe_dump({"load_from": [{"grpc_server": server}]})},
            f"{RELEASE}-daemon-env": environment,
            f"{RELEASE}-webserver-env": environment,
            f"{RELEASE}-dagster-user-deployments-user-deployments-shared-env": environment,
            f"{RELEASE}-dagster-user-deployments-{self._code['name']}-user-env": {},
        }

    def pods(self) -> dict[str, dict[str, Any]]:
        """Returns the specifications of the pods by the names of their deployments."""
        code, workspace = self._code, "-w /dagster-workspace/workspace.yaml"
        subchart = f"{RELEASE}-dagster-user-deployments"
        code_server = self._pod(code, f"{subchart}-user-deployments-shared-env", f"{subchart}-{code['name']}-user-env")
        code_server["serviceAccountName"] = f"{subchart}-user-deployments"
        container = code_server["containers"][0]
        container["name"] = "dagster-user-deployments"
        container["args"] = [
            *("dagster", "api", "grpc", "-h", "0.0.0.0", "-p", str(code["port"])),
            *code["dagsterApiGrpcArgs"],
        ]
        container["env"].append({"name": "DAGSTER_CURRENT_IMAGE", "value": _name(code["image"])})
        container["envFrom"].append({"secretRef": {"name": "dagster-celery-config-secret", "optional": True}})
        container["readinessProbe"] = {
            "exec": {"command": ["dagster", "api", "grpc-health-check", "-p", str(code["port"])]},
            **{"periodSeconds": 20, "timeoutSeconds": 10, "successThreshold": 1, "failureThreshold": 15},
        }
        pods = {f"{subchart}-{code['name']}": code_server}

        daemon = self._pod(self._daemon, f"{RELEASE}-daemon-env")
        daemon["containers"][0]["env"].append({"name": "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE", "value": "1800"})
        pods[f"{RELEASE}-daemon"] = self._of_dagster(daemon, self._daemon, f"dagster-daemon run {workspace}")
        for suffix, option in (("", ""), ("-read-only", " --read-only")):
            assert self._webserver["enableReadOnly"]
            port = self._webserver["service"]["port"]
            webserver = self._pod(self._webserver, f"{RELEASE}-webserver-env")
            webserver["containers"][0]["ports"] = [{"name": "http", "containerPort": port, "protocol": "TCP"}]
            command = f"dagster-webserver -h 0.0.0.0 -p {port} {workspace}{option}"
            name = f"{RELEASE}-{self._webserver['nameOverride']}{suffix}"
            pods[name] = self._of_dagster(webserver, self._webserver, command)
            defaults = {"periodSeconds": 20, "timeoutSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
            webserver["containers"][0]["readinessProbe"] = defaults | self._webserver["readinessProbe"]
        return pods

    @property
    def _port(self) -> int:
        return int(self._postgresql.get("service", {"port": 5432})["port"])

    def _of_dagster(self, pod: dict[str, Any], given: Mapping[str, Any], command: str) -> dict[str, Any]:
        """Returns the pod of a daemon or webserver, which waits for the database and the code server's name."""
        host, user = self._postgresql["postgresqlHost"], self._postgresql["postgresqlUsername"]
        ready = f'pg_isready -h "{host}" -p {self._port} -U {user}'
        image, code = self._postgresql["image"], self._code["name"]
        pod["initContainers"] = [
            {
                "name": "check-db-ready",
                "image": f"docker.io/{_name(image)}",
                "imagePullPolicy": image["pullPolicy"],
                "command": ["sh", "-c", f"until {ready}; do echo waiting for database; sleep 2; done;"],
                "securityContext": given["securityContext"],
            },
            {
                "name": f"init-user-deployment-{code}",
                "image": "docker.io/busybox:1.28",
                "command": ["sh", "-c", f"until nslookup {code}; do echo waiting for user service; sleep 2; done"],
                "securityContext": given["securityContext"],
            },
        ]
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
        if "readinessProbe" in given:
            container["readinessProbe"] = given["readinessProbe"]
        return pod

    def _pod(self, given: Mapping[str, Any], *config_maps: str) -> dict[str, Any]:
        password = {"secretKeyRef": {"name": self._password, "key": "postgresql-password"}}
        container = {
            "name": RELEASE,
            "image": _name(given["image"]),
            "imagePullPolicy": given["image"]["pullPolicy"],
            "securityContext": given["securityContext"],
            "env": [{"name": "DAGSTER_PG_PASSWORD", "valueFrom": password}, *given.get("env", [])],
            "envFrom": [
                *({"configMapRef": {"name": name}} for name in config_maps),
                *({"secretRef": secret} for secret in given["envSecrets"]),
            ],
            "resources": given["resources"],
            "volumeMounts": [*given["volumeMounts"]],
        }
        return {
            "serviceAccountName": RELEASE,
            "automountServiceAccountToken": True,
            "securityContext": given["podSecurityContext"],
            "containers": [container],
            "volumes": [*given["volumes"]],
        }


def _storage(module: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": f"dagster_postgres.{module}", "class": name, "config": {"postgres_db": config}}


def _name(image: Mapping[str, str]) -> str:
    return f"{image['repository']}:{image['tag']}"
