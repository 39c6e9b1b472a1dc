"""Marks every asset of the catalog while the games are simulated."""

from collections.abc import Sequence

import dagster as dg

NOT_REAL = "**Not real: all games are simulated.** They are invented by `gamepulse simulate`."


def mark_simulated(
    assets: Sequence[dg.AssetsDefinition | dg.AssetSpec], *, is_simulated: bool
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Begins each description with a warning and adds the kind `simulated`, if the games are."""
    if not is_simulated:
        return list(assets)

    def mark(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(
            description=f"{NOT_REAL}\n\n{spec.description or ''}", kinds={*spec.kinds, "simulated"}
        )

    return list(dg.map_asset_specs(mark, assets))
