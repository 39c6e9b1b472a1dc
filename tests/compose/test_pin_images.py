"""scripts/pin_images.py pins the base images by the digests of a registry."""

import hashlib
import io
import json
import re
import runpy
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .conftest import PROJECT, run

pytestmark = [pytest.mark.compose, pytest.mark.timeout(120)]

SCRIPT = runpy.run_path(str(PROJECT / "scripts/pin_images.py"))
INDEX, MANIFEST = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"


class Registry(ThreadingHTTPServer):
    """A registry of images for several platforms, each with one layer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tags: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        return f"localhost:{self.server_port}"

    def push(self, tagged: str, content: str) -> str:
        """Gives the tag a new image, for this machine's platform, and returns the digest of its index."""
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            tar.addfile(tarfile.TarInfo(content))
        system, _, architecture = (
            run("docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}").strip().partition("/")
        )
        platform = {"architecture": architecture, "os": system}
        layers = {"type": "layers", "diff_ids": [_digest(layer.getvalue())]}
        config = self._blob("application/vnd.oci.image.config.v1+json", platform | {"rootfs": layers})
        tar_layer = self._blob("application/vnd.oci.image.layer.v1.tar", layer.getvalue())
        manifest = self._blob(
            MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [tar_layer]}
        )
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest | {"platform": platform}]}
        self.tags[tagged] = json.dumps(index).encode()
        self.blobs[_digest(self.tags[tagged])] = self.tags[tagged]
        return _digest(self.tags[tagged])

    def _blob(self, media_type: str, content: Any) -> dict[str, Any]:
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.blobs[_digest(content)] = content
        return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        name, _, reference = self.path.removeprefix("/v2/").partition("/")
        kind, _, reference = reference.partition("/")
        content = self.server.tags.get(f"{name}:{reference}") or self.server.blobs.get(reference, b"{}")
        self.send_response(200)
        kind = str(json.loads(content).get("mediaType")) if kind == "manifests" else "application/octet-stream"
        for header in (("Content-Type", kind), ("Content-Length", str(len(content)))):
            self.send_header(*header)
        self.send_header("Docker-Content-Digest", _digest(content))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as registry:
        threading.Thread(target=registry.serve_forever).start()
        yield registry
        registry.shutdown()
    for image in run("docker", "images", "--quiet", "--filter", f"reference={registry.name}/*").split():
        run("docker", "image", "rm", "--force", image)


def test_the_default_images_get_the_digests_that_their_tags_have_now(registry: Registry) -> None:
    for file, name in {"Dockerfile": "python:3.12-slim", "docker-compose.yml": "postgres:18-alpine"}.items():
        text = re.sub(f":-{name}(@[^}}]+)?}}", f":-{registry.name}/{name}}}", (PROJECT / file).read_text())
        first = registry.push(name, "first")
        pinned = SCRIPT["pinned"](text)
        assert pinned == text.replace(f":-{registry.name}/{name}", f":-{registry.name}/{name}@{first}") != text

        second = registry.push(name, "second")
        assert SCRIPT["pinned"](pinned) == pinned.replace(first, second) != pinned


def test_each_base_image_is_named_in_one_place() -> None:
    texts = {
        path: (PROJECT / path).read_text()
        for path in run("git", "ls-files", "*ocker*", "deploy", "*.env*", ":!.ci").split()
    }
    found = [(path, image) for path, text in texts.items() for image in re.findall(r"\b(?:python|postgres):\d", text)]
    in_one_place = [("Dockerfile", "python:3"), ("docker-compose.yml", "postgres:1")]
    # Kubernetes reads no variables; tests/unit/deploy compares this one with Compose's.
    assert sorted(found) == sorted([*in_one_place, ("deploy/kubernetes/backup.yaml", "postgres:1")])
