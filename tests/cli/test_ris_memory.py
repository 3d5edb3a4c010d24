"""Is what fits in no memory refused with the number before it is allocated, and what streams let through?"""

import os
import re
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from running import NETWORK, SMALL, Run

from ris_pytorch_pipeline.cli import memory, program
from ris_pytorch_pipeline.cli.commands import locate
from ris_pytorch_pipeline.cli.memory import compared_bytes, drawn_bytes, fitting, require, scene_bytes
from ris_pytorch_pipeline.cli.training_memory import require_update, said_of_limit
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.train import Reporter, Trainer
from ris_pytorch_pipeline.train.loop.update_memory import update_memory

FREE = 8 * 10**9


@pytest.fixture(autouse=True)
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: FREE)


@pytest.mark.parametrize("frequencies", [1, 2])
def test_the_estimate_of_a_scene_is_its_size(frequencies: int) -> None:
    wide = {"frequencies": frequencies, "bandwidth": 0.1} if frequencies > 1 else {}
    scenario = preset("random", horizontal=20, vertical=20, sources=1, **wide)
    scenes = simulate(scenario, 2, 0, torch.complex64)
    tensors = [*vars(scenes.observation).values(), *vars(scenes.truth).values()]
    held = sum(x.numel() * x.element_size() for x in tensors if isinstance(x, torch.Tensor) and x.shape[:1] == (2,))
    assert 2 * scene_bytes(scenario) == pytest.approx(held, rel=0.02)


def test_what_fits_is_let_through_and_what_does_not_is_refused_with_numbers() -> None:
    require(7 * 10**9, "scenes", ("fewer",))
    with pytest.raises(InfeasibleError, match=r"at most 7\.2 GB .* an estimate of 9\.0 GB for scenes") as refused:
        require(9 * 10**9, "scenes", ("take fewer", "a smaller panel"))
    assert refused.value.move == "take fewer, or a smaller panel"
    assert fitting(72 * 10**8, 100) == 100 and fitting(144 * 10**8, 100) == 50
    assert fitting(144 * 10**8, 1) == 0


def test_a_comparison_streams_its_scenes() -> None:
    """A thousand times the scenes of a 64 x 64 panel take far less than a thousand times the memory."""
    scenario = preset("mmwave", sources=1)
    assert compared_bytes(scenario, 64_000, 3) < 1.3 * compared_bytes(scenario, 64, 3)
    assert drawn_bytes(scenario, 64_000, torch.complex64) > 900 * drawn_bytes(scenario, 64, torch.complex64)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        (("simulate", "x", "--scenes", "100000000"), ("100000000 scenes in one file", "--shards DIR", "GB")),
        (
            ("simulate", "x", "--scenes", "20000", "--preset", "mmwave"),
            ("20000 scenes in one file", "at most --scenes"),
        ),
        (
            ("simulate", "x", "--scenes", "1", "--horizontal", "20000", "--vertical", "20000"),
            ("1 scene in one file", "take a smaller panel", "one scene does not fit"),
        ),
        (("bound", "--scenes", "100000000"), ("100000000 scenes of 144 elements", "lower --scenes")),
        (("bench", "--scenes", "100000000", "--methods", "genie"), ("100000000 scenes of 144 elements a cell",)),
        (("demo", "--out", "demo", "--scenes", "100000000"), ("100000000 scenes of 144 elements a cell", "--scenes")),
        (("demo", "--model", "reference", "--scenes", "100000000"), ("100000000 scenes of 144 elements a cell",)),
        (("overfit", "--scenes", "100000000"), ("100000000 scenes of 144 elements to learn", "lower --scenes")),
        (("search", "found", "--scenes", "100000000"), ("200000000 fixed scenes", "lower --scenes")),
        (
            ("search", "found", "--scenes", "2", "--workers", "1024"),
            ("4 fixed", "in each process of --workers 1024", "lower --workers"),
        ),
        (
            ("search", "found", "--scenes", "20000", "--workers", "9"),
            ("40000 fixed", "in each process of --workers 9", "lower --workers"),
        ),
        (
            ("bench", "--horizontal", "200", "--vertical", "200", "--scenes", "2"),
            ("51.2 GB for the panel covariance of 40000 elements", "a large panel", "--methods sml,genie"),
        ),
    ],
)
def test_commands_refuse_before_they_begin(ris: Run, command: tuple[str, ...], parts: tuple[str, ...]) -> None:
    ris(*command).refused(*parts)
    assert not list(Path().iterdir())


@pytest.mark.parametrize("command", ["train", "doctor", "search"])
def test_a_batch_that_does_not_fit_is_refused_before_it_is_drawn(ris: Run, command: str) -> None:
    Path("net.toml").write_text("[plan]\nbatch = 100000\nn_train = 100000\n", encoding="utf-8")
    where = () if command == "doctor" else ("run",)
    ris(command, *where, "--config", "net.toml").refused("a batch of 100000 scenes", "lower plan.batch")
    assert [path.name for path in Path().iterdir()] == ["net.toml"]


@pytest.mark.parametrize("command", [
    ("train",), ("train", "--no-preflight"), ("doctor",), ("search",), ("demo",),
    ("overfit", "--scenes", "16000"), ("overfit", "--one-batch", "2"),
], ids=str)  # fmt: skip
def test_a_batch_that_can_be_drawn_and_not_learned_from_is_refused(ris: Run, command: tuple[str, ...]) -> None:
    """16000 scenes of the default panel take 3 GB to draw, and an update of them some 25 GB; 8 GB are free."""
    Path("net.toml").write_text("[plan]\nbatch = 16000\nn_train = 16000\n", encoding="utf-8")
    name, *more = command
    where = ("run",) if name in ("train", "search") else ()
    found = ris(name, *where, "--config", "net.toml", *more)
    found.refused("at most 7.2 GB", "GB for an update of 16000 scenes of 144 elements", "optimisation.accumulation")
    assert [path.name for path in Path().iterdir()] == ["net.toml"]


def _with_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: free)


@pytest.mark.parametrize("command", ["train", "doctor", "search"])
def test_the_batches_that_a_refusal_names_fit_and_make_the_same_update(
    ris: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """In 40 MB, 256 scenes of a small network do not fit, and the parts of a batch that the message names do."""
    tail = ("--config", "net.toml", *(("run",) if command != "doctor" else ()))
    tail += ("--trials", "1", "--best", "0", "--scenes", "2") if command == "search" else ()
    whole = NETWORK.replace("batch = 16", "batch = 256").replace("n_train = 32", "n_train = 256")
    Path("net.toml").write_text(whole, encoding="utf-8")
    _with_free(monkeypatch, 40 * 10**6)
    said = ris(command, *tail)
    said.refused("an update of 256 scenes of 36 elements")
    batch, accumulation = map(int, re.findall(r"plan\.batch to (\d+), .*accumulation = (\d+) ", said.err)[0])
    assert batch * accumulation == 256 and batch < 256
    less = whole.replace("batch = 256", f"batch = {batch}") + f"[optimisation]\naccumulation = {accumulation}\n"
    Path("net.toml").write_text(less, encoding="utf-8")
    assert ris(command, *tail).code == 0


def test_what_an_estimate_tries_changes_neither_a_network_nor_a_stream() -> None:
    trainer = Trainer(reporter=Reporter(quiet=True))
    before, random = deepcopy(trainer.net.state_dict()), torch.get_rng_state()
    needed = update_memory(trainer)
    assert needed is not None and needed.scene > 10**6
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in trainer.net.state_dict().items())
    assert all(parameter.grad is None for parameter in trainer.net.parameters())
    assert update_memory(trainer) == needed


@pytest.mark.parametrize("batch", [4, 16])
def test_what_is_counted_on_two_scenes_is_what_a_batch_keeps(batch: int) -> None:
    """Counted by trainlint on the whole batch, whose checks report it."""
    training = training_preset("tiny", {"plan": {"batch": batch, "n_train": batch, "n_val": 4}})
    trainer = Trainer(training, reporter=Reporter(quiet=True))
    needed = update_memory(trainer)
    line = next(line for line in trainer.preflight() if line.name == "memory")
    kept = float(re.findall(r"activations ([\d.]+) MB", line.number)[0])
    assert needed is not None and needed.scene * batch / 1e6 == pytest.approx(kept, rel=0.02)


def test_a_network_that_fails_is_told_of_and_left_to_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    trainer = Trainer(reporter=Reporter(said.append))
    monkeypatch.setattr(trainer.net, "forward", lambda inputs: torch.ones(2) @ torch.ones(3))
    assert update_memory(trainer) is None
    assert "what an update takes is not known, as two scenes fail: inconsistent tensor size" in said[-1]
    require_update(trainer, checked=True)


def test_a_limited_run_is_computed_in_pieces_and_told_so_beforehand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trainer answers a limit by pieces, so that nothing is refused; a run that goes on counts its pieces."""
    training = training_preset("tiny", {"plan": {"batch": 1024}})
    trainer = Trainer(training, reporter=Reporter(quiet=True))
    _with_free(monkeypatch, 10**9)
    assert said_of_limit(trainer, 10**9).startswith("[NOTE] an update of 1024 scenes takes an estimate of 1.")
    assert said_of_limit(trainer, 10**10) == ""
    with pytest.raises(InfeasibleError, match="an update of 1024 scenes"):
        require_update(trainer, checked=False)
    require_update(trainer, checked=False, pieces=4)
    with pytest.raises(InfeasibleError, match="in each of 4 processes"):
        require_update(trainer, checked=False, pieces=4, at_once=4)


def test_the_checks_of_a_plan_with_zeros_too_many_look_at_some_of_its_rates(ris: Run) -> None:
    Path("net.toml").write_text(NETWORK, encoding="utf-8")
    doctored = ris("doctor", "--config", "net.toml", "--n-train", "100000000", "--json")
    rates = next(line for line in doctored.json["lines"] if line["name"] == "planned rates")
    assert rates["passed"] and "20000 of " in rates["number"]


def test_a_large_file_is_refused_and_one_of_its_scenes_is_not(
    ris: Run, small_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Path(small_file).stat().st_size
    monkeypatch.setattr(memory, "free_bytes", lambda: int(3 * size))
    ris("locate", small_file, "--scene", "all").refused("3 of the 3 scenes", "one by one with --scene I")
    monkeypatch.setattr(locate, "searched_bytes", lambda *_: 0)
    assert memory.read_bytes(Path(small_file), 3, 1) < 3 * size
    assert ris("locate", small_file, "--scene", "2", "--sources", "1", "--json").json["scenes"][0]["scene"] == 2


def test_more_threads_than_cores_are_refused(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "cores_here", lambda: 2)
    ris("bound", "--scenes", "2", "--threads", "3", *SMALL).refused("--threads of 1 to 2", "pass --threads 2")
    assert ris("bound", "--scenes", "2", "--threads", "2", *SMALL).code == 0
    torch.set_num_threads(1)


@pytest.mark.parametrize("command", ["simulate", "locate", "bench"])
def test_outputs_are_checked_before_the_work(
    ris: Run, small_file: str, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be written to, which no test run as root can make: the probe fails as it would there."""
    from ris_pytorch_pipeline.cli.showing import figures
    from ris_pytorch_pipeline.data import writable

    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(figures, "check_can_write", denied)
    monkeypatch.setattr(writable, "check_can_write", denied)
    tail = {"simulate": ("x",), "locate": (small_file, "--plot", "f.png"), "bench": ("--figure", "f.png")}[command]
    ris(command, *tail).refused("that can be written", "Permission denied")


def test_files_get_the_mode_that_the_umask_leaves(ris: Run) -> None:
    before = os.umask(0o027)
    try:
        assert ris("simulate", "x", "--scenes", "1", *SMALL).code == 0
        assert ris("locate", "x", "--plot", "f.png").code == 0
    finally:
        os.umask(before)
    assert {name: oct(Path(name).stat().st_mode & 0o777) for name in ("x", "f.png")} == {"x": "0o640", "f.png": "0o640"}
