"""How is it said which calibrated hardware scenes were drawn behind? Imports no torch."""

from collections.abc import Mapping
from typing import Any


def shown_behind(behind: Mapping[str, Any] | None) -> str:
    """The hardware of a configuration in words, to stand after what was drawn; empty for a nominal panel.

    >>> shown_behind({"calibration": "gains@1f0c", "told": False}), shown_behind(None)
    (' behind gains@1f0c, untold', '')

    Args:
        behind: `calibration`, the name and digest of a file of `ris calibrate`, and whether scenes are `told` of it.
    """
    return "" if behind is None else f" behind {behind['calibration']}{'' if behind['told'] else ', untold'}"
