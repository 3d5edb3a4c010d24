"""Do the benchmarks of the count state what `Counting.settled` does? They copy its rule, to fit and judge weights."""

import importlib
from pathlib import Path

import pytest
import torch

from ris_pytorch_pipeline.localise import Counting, Localiser
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream

SCENES, SEED = 24, 5


@pytest.mark.parametrize(("kind", "sources", "snr_db"), [("random", 4, 5.0), ("pilot", 5, 0.0)])
def test_the_copied_rule_counts_as_the_localiser(
    kind: str, sources: int, snr_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    order, reliability = (importlib.import_module(name) for name in ("order", "order_reliability"))
    data = order.shown(kind, sources, snr_db, SCENES, SEED)
    scenario = preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse")
    found = Localiser.reference(domain=None)(draw(scenario, SCENES, stream(SEED, "order")).observation)
    copied = order.decided(Counting(), data, order.MOST)
    assert copied.tolist() == found.order.tolist()
    assert bool((copied > data["counts"]).any() | (copied < data["counts"]).any())  # the likelihood has its say
    assert found.order_probability is not None
    torch.testing.assert_close(reliability.stated(data, Counting()), found.order_probability, rtol=0, atol=1e-3)
