"""Does a sweep run every method on the same scenes, stop when told, and refuse what it cannot run?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import Run, blind, region_of, sweep, trial_of
from ris_pytorch_pipeline.bench import sweep as sweep_function
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.estimate import CONTENDERS, Contender, contender
from ris_pytorch_pipeline.physics import preset

SMALL = preset("random", horizontal=8, vertical=8, snapshots=8, distance=(0.5, 4.0))


@pytest.fixture
def watched(monkeypatch, guess):
    """Two registered fakes that note what they were given: one finds nothing, one says broadside at 2 m."""
    seen = {"nothing": [], "broadside": []}

    class Fake:
        fit = False

        def __init__(self, name: str, slots: int) -> None:
            self.name, self.slots = name, slots

        def __call__(self, observation, sources=None):
            seen[self.name].append((observation.measurements, sources))
            positions = torch.tensor([0.0, 0.0, 2.0], dtype=torch.float64)
            return guess(positions.expand(len(observation), self.slots, 3).clone())

    monkeypatch.setitem(CONTENDERS, "nothing", Contender(name="nothing", build=lambda region: Fake("nothing", 0)))
    monkeypatch.setitem(CONTENDERS, "broadside", Contender(name="broadside", build=lambda region: Fake("broadside", 1)))
    return seen


def test_methods_see_the_same_scenes_and_cells_come_in_order(watched) -> None:
    calls = []
    cells = list(sweep(SMALL, ["nothing", "broadside"], [1, 2], [0.0, 10.0], 70, 0, True, lambda *a: calls.append(a)))
    assert [(c.method, c.sources, c.snr_db) for c in cells] == [
        (m, k, s) for k in (1, 2) for s in (0.0, 10.0) for m in ("nothing", "broadside")
    ]
    assert all(c.n == 70 for c in cells)
    for (first, asked), (second, _) in zip(*watched.values(), strict=True):
        assert torch.equal(first, second) and set(asked.tolist()) <= {1, 2}
    done = [c[1] for c in calls]
    assert done == sorted(done) and done[-1] == calls[-1][2] == 8 * 70
    assert calls[0][0] == "nothing, K = 1, 0 dB"


def test_scenes_depend_on_seed_and_cell_only(watched) -> None:
    for methods, snrs, seed in ((["nothing"], [10.0], 0), (["broadside"], [0.0, 10.0], 0), (["nothing"], [10.0], 1)):
        list(sweep(SMALL, methods, [1], snrs, 3, seed, True))
    alone, other_seed = (m for m, _ in watched["nothing"])
    assert torch.equal(alone, watched["broadside"][1][0])
    assert not torch.equal(alone, other_seed)


def test_order_is_told_only_when_known(watched) -> None:
    list(sweep(SMALL, ["nothing"], [2], [10.0], 3, 0, False))
    assert watched["nothing"][0][1] is None


def test_a_sweep_is_interruptible(watched) -> None:
    cells = sweep(SMALL, ["nothing", "broadside"], [1], [0.0, 10.0], 3, 0, True)
    assert watched["nothing"] == []
    assert next(cells).method == "nothing"
    assert len(watched["nothing"]) == len(watched["broadside"]) == 1


def test_more_scenes_begin_with_the_same_blocks(watched) -> None:
    for scenes in (64, 130):
        list(sweep(SMALL, ["nothing"], [1], [10.0], scenes, 0, True))
    (short,), long = ([m for m, _ in watched["nothing"]][i] for i in (slice(0, 1), slice(1, None)))
    assert [len(block) for block in long] == [64, 64, 2]
    assert torch.equal(short, long[0]) and not torch.equal(long[0], long[1])


def test_a_failing_estimator_is_an_error() -> None:
    class Broken:
        name = "broken"

        def __call__(self, observation, sources=None):
            raise FloatingPointError("no convergence")

    trial = trial_of(replace(SMALL, sources=1, snr_db=10.0), 3, 0)
    with pytest.raises(FloatingPointError, match="no convergence"):
        Run("broken", blind(Broken(), known_order=True)).add(trial)


def test_maximum_likelihood_and_genie_end_to_end() -> None:
    cells = {c.method: c for c in sweep_function(SMALL, ["sml", "genie"], [1], [20.0], 24, 0, True)}
    for cell in cells.values():
        assert cell.success.value == 1 and cell.alarm is None
        assert 0.6 < cell.rmse_over_crb["azimuth"].value < 1.5
    assert cells["sml"].rmse["azimuth_deg"].value == pytest.approx(cells["genie"].rmse["azimuth_deg"].value, rel=0.02)


def test_pilot_symbols_get_the_pilot_genie() -> None:
    (cell,) = sweep(replace(SMALL, symbols="pilot"), ["genie"], [2], [20.0], 8, 0, True)
    assert cell.success.value == 1 and cell.rmse_over_crb["azimuth"].value < 1.6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ["slm"]}, "did you mean 'sml'"),
        ({"methods": []}, "at least one of methods"),
        ({"sources": []}, "at least one of sources"),
        ({"snr_db": []}, "at least one of snr_db"),
        ({"scenes": 0}, "at least one scene"),
        ({"sources": [0]}, "sources"),
        ({"sources": [4000]}, "not identifiable"),
        ({"snr_db": [math.nan]}, "snr_db"),
    ],
)
def test_bad_input_is_refused_at_the_call(changes: dict, message: str) -> None:
    arguments = {"methods": ["sml"], "sources": [1], "snr_db": [10.0], "scenes": 2, "seed": 0, "known_order": True}
    with pytest.raises(ConfigurationError, match=message):
        sweep(SMALL, **(arguments | changes))


def test_the_genie_is_no_contender() -> None:
    with pytest.raises(ConfigurationError, match="told the truth"):
        contender("genie", region_of(SMALL))


@pytest.mark.filterwarnings("ignore::ris_pytorch_pipeline.covariance.UninformativeCovarianceWarning")
@pytest.mark.parametrize("name", sorted(CONTENDERS))
def test_every_contender_carries_its_name_and_is_wired_up(name: str) -> None:
    assert contender(name, region_of(SMALL)).name == name
    symbols = {"pilot": "pilot", "known": "known", "mixed": ("random", "pilot")}.get(name, "random")
    count = 2 if name == "mixed" else 1
    easy = replace(
        SMALL, horizontal=6, vertical=6, antennas=24, snapshots=12, symbols=symbols, sources=count, separation=0.3
    )
    (cell,) = sweep(easy, [name], [count], [20.0], 4, 0, True)
    assert cell.missed.value <= 0.25, "one source at 20 dB and M near N is easy for every one of them"


def test_region_holds_the_scenario_and_hides_what_it_fixes() -> None:
    region = region_of(replace(SMALL, azimuth_deg=(-40.0, 50.0), elevation_deg=10.0, distance=12.0))
    assert region.azimuth == pytest.approx((math.radians(-40), math.radians(50)))
    assert region.elevation == pytest.approx((math.radians(-30), math.radians(30)))
    assert region.distance == (0.5, 12.0)


def test_a_method_that_cannot_be_run_is_refused_before_the_others(watched) -> None:
    wide = replace(SMALL, frequencies=2, bandwidth=0.1)
    for name, scenario, need in (
        ("modified-music", wide, "one wavelength"),
        ("pilot", SMALL, "pilot symbols"),
        ("modified-music", replace(SMALL, bend_deg=60.0), "a lattice"),
    ):
        with pytest.raises(ConfigurationError, match=f"scenes with {need} for {name}"):
            sweep(scenario, ["nothing", name], [1], [10.0], 3, 0, True)
    assert watched["nothing"] == []


def test_a_value_twice_is_refused() -> None:
    for methods, sources in ((["genie", "genie"], [1]), (["genie"], [1, 1])):
        with pytest.raises(ConfigurationError, match="again"):
            sweep(SMALL, methods, sources, [10.0], 3, 0, True)


def test_a_cell_may_span_numbers_of_sources_and_snrs(watched) -> None:
    (cell,) = sweep(SMALL, ["nothing"], [(1, 2)], [(0.0, 10.0)], 70, 0, True)
    assert (cell.sources, cell.snr_db) == ((1, 2), (0.0, 10.0))
    asked = torch.cat([counts for _, counts in watched["nothing"]])
    assert set(asked.tolist()) == {1, 2} and len(asked) == cell.n == 70
    assert cell.to_json()["sources"] == [1, 2]


@pytest.mark.filterwarnings("ignore::ris_pytorch_pipeline.covariance.UninformativeCovarianceWarning")
def test_trained_estimators_join_by_name() -> None:
    net = {"net": contender("bp-bartlett", region_of(SMALL))}
    (cell,) = sweep(SMALL, ["net"], [1], [10.0], 3, 0, True, None, net)
    assert cell.method == "net"
    with pytest.raises(ConfigurationError, match="did you mean 'net'"):
        sweep(SMALL, ["nett"], [1], [10.0], 3, 0, True, None, net)
