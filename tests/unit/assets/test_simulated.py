"""Simulated games are marked on every page of the catalog."""

from pipelines.assets.simulated import NOT_REAL, mark_simulated
from pipelines.definitions import defs


def test_every_asset_is_marked_and_keeps_its_description() -> None:
    before = {spec.key: spec for spec in defs.resolve_all_asset_specs()}
    assert not any(NOT_REAL in str(spec.description) for spec in before.values())
    for spec in mark_simulated(list(before.values()), is_simulated=True):
        assert spec.description == f"{NOT_REAL}\n\n{before[spec.key].description or ''}"
        assert spec.kinds == before[spec.key].kinds | {"simulated"}
