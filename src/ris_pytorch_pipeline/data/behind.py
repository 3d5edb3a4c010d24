"""How is it said which calibrated hardware scenes were drawn behind? Imports no torch."""

from collections.abc import Mapping
from typing import Any

from ..errors import InputError


def shown_behind(behind: Mapping[str, Any] | None) -> str:
    """The hardware of a configuration in words, to stand after what was drawn; empty for a nominal panel.

    >>> shown_behind({"calibration": "gains@1f0c", "told": False}), shown_behind(None)
    (' behind gains@1f0c, untold', '')

    Args:
        behind: `calibration`, the name and digest of a file of `ris calibrate`, and whether scenes are `told` of it.
    """
    return "" if behind is None else f" behind {behind['calibration']}{'' if behind['told'] else ', untold'}"


def check_untold(config: Mapping[str, Any] | None) -> None:
    """Refuse to put a calibration on scenes that are told of the hardware that they were drawn behind.

    >>> check_untold({"behind": {"calibration": "gains@1f0c", "told": False}})  # codes and channel are nominal

    Args:
        config: what the scenes were simulated from; None for measured ones.

    Raises:
        InputError: they are told of it.
    """
    behind = None if config is None else config.get("behind")
    if isinstance(behind, Mapping) and behind.get("told") is True:
        raise InputError(
            "scenes with nominal codes and channel beside a calibration", f"scenes told of {behind.get('calibration')}",
            "a file of `ris simulate --calibration` without --untold", "leave --calibration out here: gains count once",
        )  # fmt: skip
