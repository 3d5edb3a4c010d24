"""Which operation makes a gradient that is not finite?"""

import re
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from ...findings import Finding
from ...rules import numbers

_NAMED = re.compile(r"Function '(\w+?)(?:Backward\d*)?' returned nan values")


def name_operation(loss: Callable[[], Tensor]) -> list[Finding]:
    """Run one forward and backward under torch's anomaly detection and name the operation whose gradient is not finite.

    Gradients of the parameters are left as this pass makes them.

    Args:
        loss: computes the loss of one batch.

    Raises:
        RuntimeError: the pass failed for another reason.
    """
    before = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.autograd.set_detect_anomaly(True)
        try:
            loss().backward()
        except RuntimeError as error:
            named = _NAMED.search(str(error))
            if named is None:
                raise
            text = f"the backward of {named[1].lower()} returned NaN{_where(told)}"
            return [numbers.GRADIENT.found(text, subject=named[1].lower())]
        finally:
            torch.autograd.set_detect_anomaly(*before)
    return []


def _where(told: list[warnings.WarningMessage]) -> str:
    """The line of the forward call, from the traceback that torch writes into its warning."""
    lines = [line for message in told for line in str(message.message).splitlines() if line.strip().startswith("File ")]
    mine = [line for line in lines if "/torch/" not in line]
    found = re.search(r'File ".*?([^/\\"]+)", line (\d+)', mine[-1]) if mine else None
    return f" (called in {found[1]}, line {found[2]})" if found else ""
