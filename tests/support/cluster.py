"""A stand-in for a Kubernetes cluster: its API for Jobs and pods, which starts each pod as a container of Docker.

A pod gets its own init containers, image, arguments, environment, volumes, user, security context, limit of memory and
readiness probe; a field that is not carried out is an error. All pods share the network of this machine: a service is a
name for it, and network policies are not tried.
"""

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_POD: Final = {
    *("initContainers", "containers", "volumes", "securityContext", "restartPolicy", "serviceAccountName"),
    *("automountServiceAccountToken", "imagePullSecrets"),
}
_CONTAINER: Final = {
    *("name", "image", "imagePullPolicy", "command", "args", "env", "envFrom", "resources", "securityContext"),
    *("volumeMounts", "ports", "readinessProbe"),
}
_POD_SECURITY: Final = {"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "seccompProfile"}
_UNITS: Final = {"Mi": "m", "Gi": "g"}


class Cluster:
    """Containers, config maps and secrets of one test, and the address of the API."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.services: set[str] = set()
        self.config_maps: dict[str, dict[str, str]] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        """All Jobs that were created, in order, also those that were deleted."""
        self.deleted: set[str] = set()
        self.folder = folder
        self._probes: dict[str, Mapping[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.cluster = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, name="kubernetes", daemon=True).start()

    def kubeconfig(self) -> str:
        """Returns the configuration of a client, in YAML's subset JSON."""
        one = {"name": "test"}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{**one, "cluster": {"server": f"http://127.0.0.1:{self._server.server_port}"}}],
                "users": [{**one, "user": {}}],
                "contexts": [{**one, "context": {"cluster": "test", "user": "test"}}],
                "current-context": "test",
            }
        )

    def create(self, job: Mapping[str, Any]) -> None:
        """Starts the pod of a Job."""
        name = job["metadata"]["name"]
        assert name not in self.jobs, f"{name} exists"
        self.start(name, job["spec"]["template"]["spec"])
        self.jobs[name] = dict(job)

    def start(self, name: str, pod: Mapping[str, Any]) -> None:
        """Starts a pod with one container, after its init containers ended."""
        for container in pod.get("initContainers", []):
            if "nslookup" not in container["command"][-1]:  # for which there is no server
                _docker("run", "--rm", *self._arguments(name, pod, container))
        [container] = pod["containers"]
        _docker("run", "--detach", "--name", self.container(name), *self._arguments(name, pod, container))
        self._probes[name] = container.get("readinessProbe", {})

    def is_ready(self, name: str) -> bool:
        """Whether a pod passes its readiness probe."""
        probe = self._probes[name]
        if "exec" in probe:
            command = ["docker", "exec", self.container(name), *probe["exec"]["command"]]
            return subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0
        port, path = probe["httpGet"]["port"], probe["httpGet"]["path"]
        # Kubernetes asks for the address of the pod.
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": f"10.1.2.3:{port}"})
        try:
            urllib.request.urlopen(request, timeout=probe["timeoutSeconds"]).close()
        except OSError:
            return False
        return True

    def container(self, name: str) -> str:
        """Returns the name of a pod's container."""
        return f"{self.name}-{name}"

    def inspect(self, name: str) -> dict[str, Any]:
        """Returns what Docker knows of a pod's container."""
        [found] = json.loads(_docker("inspect", self.container(name)))
        return dict(found)

    def exit_code(self, name: str) -> int | None:
        """Returns how a pod ended, or None while it runs."""
        state = self.inspect(name)["State"]
        return None if state["Running"] else int(state["ExitCode"])

    def exists(self, name: str) -> bool:
        """Whether a Job was created and not deleted."""
        return name in self.jobs and name not in self.deleted

    def stop(self, name: str) -> None:
        """Ends a pod as Kubernetes does when it is deleted: SIGTERM, and SIGKILL after 30 seconds."""
        threading.Thread(target=_docker, args=("stop", "--time", "30", self.container(name))).start()

    def kill(self, name: str) -> None:
        """Kills a pod, as the kernel does when a node is out of memory."""
        _docker("kill", self.container(name))

    def logs(self, name: str, lines: int = 60) -> str:
        """Returns the end of a pod's output."""
        command = ["docker", "logs", "--tail", str(lines), self.container(name)]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

    def close(self) -> None:
        """Prints the end of each pod's output, which is shown for failed tests, removes the pods and ends the API."""
        for container in _docker("ps", "--all", "--format", "{{.Names}}", "--filter", f"name=^/?{self.name}-").split():
            sys.stdout.write(f"--- {container}:\n{self.logs(container.removeprefix(f'{self.name}-'))}")
            _docker("rm", "--force", "--volumes", container)
        self._server.shutdown()
        self._server.server_close()

    def _arguments(self, name: str, pod: Mapping[str, Any], container: Mapping[str, Any]) -> list[str]:
        _require_known("pod", pod, _POD)
        _require_known("pod's security context", pod["securityContext"], _POD_SECURITY)
        _require_known("container", container, _CONTAINER)
        user = pod["securityContext"]
        assert user["runAsNonRoot"]
        assert user["runAsUser"] > 0
        assert user["seccompProfile"] == {"type": "RuntimeDefault"}  # Docker's default too
        arguments = ["--user", f"{user['runAsUser']}:{user['runAsGroup']}", *_confinement(container["securityContext"])]
        arguments += ["--network", "host", *(f"--add-host={service}:127.0.0.1" for service in sorted(self.services))]
        if "resources" in container:
            amount, unit = re.fullmatch(r"(\d+)(\wi)", container["resources"]["limits"]["memory"]).groups()  # type: ignore[union-attr]
            arguments += ["--memory", f"{amount}{_UNITS[unit]}"]
        for variable, value in self._environment(container).items():
            arguments += ["--env", f"{variable}={value}"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for mount in container.get("volumeMounts", []):
            arguments += self._mount(name, volumes[mount["name"]], mount)
        command = container.get("command") or []
        if command:
            arguments += ["--entrypoint", command[0]]
        return [*arguments, container["image"], *command[1:], *(container.get("args") or [])]

    def _environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in container.get("envFrom") or []:
            [(kind, reference)] = source.items()
            of_kind = {"configMapRef": self.config_maps, "secretRef": self.secrets}[kind]
            if reference["name"] in of_kind or not reference.get("optional"):
                found |= of_kind[reference["name"]]
        for variable in container.get("env") or []:
            if "valueFrom" in variable:
                reference = variable["valueFrom"]["secretKeyRef"]
                found[variable["name"]] = self.secrets[reference["name"]][reference["key"]]
            else:
                found[variable["name"]] = variable["value"]
        return found

    def _mount(self, name: str, volume: Mapping[str, Any], mount: Mapping[str, Any]) -> list[str]:
        _require_known("volume mount", mount, {"name", "mountPath", "subPath"})
        [(kind, source)] = [(kind, source) for kind, source in volume.items() if kind != "name"]
        if kind == "emptyDir":
            return ["--tmpfs", mount["mountPath"]]
        assert kind in {"configMap", "persistentVolumeClaim"}, f"volumes of kind {kind} are not carried out"
        folder = self.folder / (source["claimName"] if kind == "persistentVolumeClaim" else f"{name}-{volume['name']}")
        folder.mkdir(exist_ok=True)
        if kind == "persistentVolumeClaim":
            folder.chmod(0o777)
            return ["--volume", f"{folder}:{mount['mountPath']}"]
        for key, text in self.config_maps[source["name"]].items():
            (folder / key).write_text(text)
        return ["--volume", f"{folder / mount.get('subPath', '')}:{mount['mountPath'].rstrip('/')}:ro"]


def _confinement(context: Mapping[str, Any]) -> list[str]:
    _require_known("security context", context, {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"})
    arguments = [word for capability in context["capabilities"]["drop"] for word in ("--cap-drop", capability)]
    if context["readOnlyRootFilesystem"]:
        arguments += ["--read-only"]
    if not context["allowPrivilegeEscalation"]:
        arguments += ["--security-opt", "no-new-privileges:true"]
    return arguments


def _require_known(what: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(given.keys() - known)
    assert not unknown, f"{', '.join(unknown)} of a {what} is not carried out"


def _docker(*arguments: str) -> str:
    finished = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert finished.returncode == 0, f"docker {arguments[0]}: {finished.stderr[-2000:]}"
    return finished.stdout


class _Handler(BaseHTTPRequestHandler):
    """What Dagster's launcher asks of the API: Jobs are created, read and deleted, their pods listed."""

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self._cluster.create(job)
        except (AssertionError, KeyError) as error:
            self._answer(422, {"kind": "Status", "message": repr(error)})
        else:
            self._answer(201, job)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        resource, _, name = url.path.partition("/namespaces/default/")[2].partition("/")
        name = name.removesuffix("/status")
        if resource == "jobs" and name:
            self._answer(200, self._job(name)) if self._cluster.exists(name) else self._answer(404, {})
        elif resource == "pods" and name.endswith("/log"):
            self._answer(200, self._cluster.logs(name.removesuffix("/log")))
        elif resource == "pods":
            query = parse_qs(url.query)
            [selector] = query.get("labelSelector") or query["fieldSelector"]  # job-name=… or metadata.name=…
            name = selector.rpartition("=")[2]
            pods = [self._pod(name)] if self._cluster.exists(name) else []
            self._answer(200, {"kind": "PodList", "items": pods})
        else:
            self._answer(200, {"kind": "List", "items": []})

    def do_DELETE(self) -> None:
        resource, _, name = self.path.partition("/namespaces/default/")[2].partition("?")[0].partition("/")
        if resource == "jobs" and self._cluster.exists(name):
            self._cluster.deleted.add(name)
        elif resource == "pods" and name in self._cluster.jobs:  # a pod outlives its Job
            self._cluster.stop(name)
        else:
            self._answer(404, {})
            return
        self._answer(200, {"kind": "Status"})

    @property
    def _cluster(self) -> Cluster:
        return self.server.cluster  # type: ignore[attr-defined, no-any-return]

    def _job(self, name: str) -> dict[str, Any]:
        code = self._cluster.exit_code(name)
        counted = "active" if code is None else "failed" if code else "succeeded"
        return {**self._cluster.jobs[name], "status": {counted: 1}}

    def _pod(self, name: str) -> dict[str, Any]:
        code = self._cluster.exit_code(name)
        phase = "Running" if code is None else "Failed" if code else "Succeeded"
        spec = self._cluster.jobs[name]["spec"]["template"]["spec"]
        return {"metadata": {"name": name}, "spec": spec, "status": {"phase": phase}}

    def _answer(self, status: int, body: object) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...
