"""`support.helm_chart` is what Helm renders. Needs Helm's output, which deploy/kubernetes/README.md says how to get."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.helm_chart import Chart

from pipelines.settings import PROJECT

RENDERED = os.environ.get("HELM_RENDERED", "")
pytestmark = pytest.mark.skipif(not RENDERED, reason="HELM_RENDERED does not name the output of `helm template`")


def filled(node: Any, key: str = "") -> Any:
    """Returns the node without what is null or empty, with variables ordered by name."""
    if isinstance(node, dict):
        return {key: filled(value, key) for key, value in node.items() if value not in (None, {}, [])}
    if isinstance(node, list):
        return [filled(item) for item in (sorted(node, key=lambda item: item["name"]) if key == "env" else node)]
    return node


def test_the_stand_in_for_the_chart_is_what_helm_renders() -> None:
    chart = Chart(yaml.safe_load((PROJECT / "deploy/kubernetes/values.yaml").read_text()))
    rendered = [found for found in yaml.safe_load_all(Path(RENDERED).read_text()) if found]
    of_kind = {
        kind: {f["metadata"]["name"]: f for f in rendered if f["kind"] == kind} for kind in ("Deployment", "ConfigMap")
    }
    pods = {name: filled(found["spec"]["template"]["spec"]) for name, found in of_kind["Deployment"].items()}
    assert pods == {name: filled(pod) for name, pod in chart.pods().items()}
    config_maps = {name: found.get("data") or {} for name, found in of_kind["ConfigMap"].items()}
    for name, data in chart.config_maps().items():
        theirs = {key: yaml.safe_load(text) for key, text in config_maps[name].items()}
        assert {key: yaml.safe_load(text) for key, text in data.items()}.items() <= theirs.items(), name
    services = {found["metadata"]["name"] for found in rendered if found["kind"] == "Service"}
    assert services == {"gamepulse", "dagster-webserver", "dagster-webserver-read-only"}
