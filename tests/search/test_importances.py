"""Does the knob that decides the objective count for most, and are too few trials refused?"""

from typing import Any

import pytest

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.search import importances_of

SPACE = {"optimisation": {"rate": {"low": 0.001, "high": 0.1, "log": True}, "average": {"choices": ["ema", "swa"]}},
         "net": {"passes": {"low": 1, "high": 4}}}  # fmt: skip


def trial(number: int, kind: str = "done") -> dict[str, Any]:
    values = {"optimisation.rate": 0.001 * 1.5 ** (number % 11), "optimisation.average": ("ema", "swa")[number % 2],
              "net.passes": 1 + (number * 7) % 4}  # fmt: skip
    return {"stage": "short", "trial": number, "values": values,
            "outcome": {"kind": kind, "value": float(values["net.passes"])}}  # fmt: skip


def test_the_knob_that_decides_comes_first() -> None:
    shares = importances_of(SPACE, [*(trial(number) for number in range(40)), trial(40, "failed")])
    assert next(iter(shares)) == "net.passes" and shares["net.passes"] > 0.6
    assert set(shares) == {"optimisation.rate", "optimisation.average", "net.passes"}
    assert sum(shares.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("trials", [[trial(0), trial(1), trial(2)], [trial(n, "pruned") for n in range(9)], []])
def test_too_few_trials_tell_nothing(trials: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match="at least 4 short trials"):
        importances_of(SPACE, trials)
