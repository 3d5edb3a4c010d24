"""Does the package's own network locate what it was made for, and refuse the rest with the way out?"""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.localise import REFERENCE_FILE, Evidence, Localiser, Trust, domain_of, reference_network
from ris_pytorch_pipeline.matching import great_circle
from ris_pytorch_pipeline.physics import Scenes, preset

NETWORK = Localiser.reference()


def scenes(kind: str = "random", count: int = 12, **changes: object) -> Scenes:
    return simulate(preset(kind, **{"sources": 2, "snr_db": 15.0, "separation": 0.3, **changes}), count, seed=5)


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_it_finds_the_sources_of_easy_scenes(kind: str) -> None:
    drawn = scenes(kind)
    found = NETWORK(drawn.observation, 2)
    apart = great_circle(drawn.truth.positions[:, :, None], found.positions[:, None]).amin(-1)
    assert float((apart < 0.05).all(-1).double().mean()) > 0.9
    assert bool(found.deviations[..., :2].isfinite().all())
    assert NETWORK.name.startswith("reference")


SAID = {
    "random": (
        [[-24.9832, -2.0812, 10.9765, 2.6535, -5.0022, -7.9207], [-26.1900, -3.1259, 9.9806, 3.0374, -3.8727, -7.6602]],
        [[0.4248, 0.2657, 0.1712], [0.3008, 0.3209, 1.0648]],
    ),
    "pilot": (
        [[-25.2755, 0.3188, 9.0897, 2.6197, -4.6886, -7.6746], [-26.8805, -3.0788, 11.3390, 3.3807, -4.9158, -8.5118]],
        [[0.4334, 0.2710, 0.1465], [-0.4236, 0.1668, 0.6428]],
    ),
}
"""Logits of the count and first candidates of two scenes, since maps are 0 outside the field of view."""


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_it_answers_as_it_did(kind: str) -> None:
    seen = simulate(preset(kind, sources=2, snr_db=15.0), 2, seed=11).observation
    answer, (order, first) = NETWORK.predict(seen), SAID[kind]
    torch.testing.assert_close(answer.order_logits, torch.tensor(order), rtol=0, atol=1e-3)
    torch.testing.assert_close(answer.candidates[:, 0], torch.tensor(first), rtol=0, atol=1e-4)


def test_the_file_is_small_and_says_where_it_comes_from() -> None:
    assert REFERENCE_FILE.stat().st_size < 1_000_000
    card = (files("ris_pytorch_pipeline.localise") / "reference.md").read_text(encoding="utf-8")
    header = reference_network().header
    assert header.identity["run"] in card and header.identity["configuration"] in card
    assert "ris train" in card


def test_its_card_holds_the_table_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs/hybrid.md").read_text(encoding="utf-8")
    table = page[page.index("| symbols | K | SNR dB | network success |") :].partition("\n\n")[0]
    assert table in (files("ris_pytorch_pipeline.localise") / "reference.md").read_text(encoding="utf-8")


def test_the_preset_is_what_trained_it() -> None:
    assert reference_network().experiment == training_preset("reference")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sources": 6}, "at most 5 sources"),
        ({"snapshots": 8}, "16 snapshots of 16 antennas"),
        ({"antennas": 8}, "16 snapshots of 16 antennas"),
        ({"horizontal": 10}, "trained for"),
        ({"snr_db": 45.0}, "an SNR of -5 to 20 dB"),
        ({"snr_db": -25.0}, "an SNR of -5 to 20 dB"),
    ],
)
def test_other_scenes_are_refused_with_the_way_out(changes: dict[str, float], told: str) -> None:
    drawn = scenes(count=2, **{"sources": 1, **changes})
    with pytest.raises(InputError, match=f"{told}(.|\\n)*(without --model|classical estimator)"):
        NETWORK(drawn.observation, int(changes.get("sources", 1)))


def test_symbols_outside_the_training_are_refused() -> None:
    experiment = replace(reference_network().experiment, kinds=("pilot",))
    with pytest.raises(InputError, match="scenes with pilot symbols; got random ones"):
        replace(NETWORK, domain=domain_of(experiment))(scenes(count=1).observation, 2)


def evidence(**changes: float) -> Evidence:
    values = {"weakest": 60.0, "spare": 5.0, "doubtful": 2.0, "rise": 0.0, "value": 0.0, **changes}
    return Evidence(**{name: torch.tensor([value], dtype=torch.float64) for name, value in values.items()})


def test_trust_falls_with_what_speaks_against_an_estimate() -> None:
    trust = Trust()
    sure = float(trust.right(evidence()))
    assert 0.5 < sure < 1
    for change in ({"weakest": 10.0}, {"spare": 80.0}, {"doubtful": -4.0}, {"rise": 2.0}):
        assert float(trust.right(evidence(**change))) < sure


def test_only_scenes_in_doubt_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, searched = scenes(snr_db=0.0, sources=3, separation=0.125), []
    fast, asked = NETWORK(drawn.observation, 3), 0.5
    refine = Sml.refine

    def spy(self: Sml, observation: Any, positions: torch.Tensor, *rest: Any) -> Any:
        searched.append(positions)
        return refine(self, observation, positions, *rest)

    monkeypatch.setattr(Sml, "refine", spy)
    slow = Localiser.reference(doubt=asked)(drawn.observation, 3)
    (given,) = searched
    kept = torch.tensor([not bool((p == given).flatten(1).all(1).any()) for p in fast.positions])
    assert 0 < len(given) and int(kept.sum()) == len(kept) - len(given)
    torch.testing.assert_close(slow.positions[kept], fast.positions[kept])
    assert slow.positions.isfinite().all()
