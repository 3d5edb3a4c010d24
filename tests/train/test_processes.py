"""Are two processes one run: its gradients, updates and files, and an error wherever they come apart?"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import two_processes
from nursery import Nursery
from small_world import SmallNet, World
from two_processes import EXPERIMENT, SCENES, Rare, first_gradients, free_port, gone, weights

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.train import Outcome, Processes, joined, read_checkpoint, read_ledger
from ris_pytorch_pipeline.train.processes.launch import processes_of
from trainlint import diagnose_path

LAUNCHED = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """Where two processes, started once, have been through every scene."""
    folder = tmp_path_factory.mktemp("two")
    port = str(free_port())
    both = [nursery.start(two_processes.__file__, str(rank), port, str(folder), cwd=folder) for rank in (0, 1)]
    assert [process.wait() for process in both] == [0, 0]
    return folder


@pytest.fixture(scope="module")
def both(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What processes 0 and 1 say of each scene."""
    first, second = (json.loads((folder / f"{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1))
    return first, second


def flat(values: Any) -> torch.Tensor:
    """Nested lists of numbers as one vector."""
    if isinstance(values, list):
        return torch.cat([flat(value) for value in values])
    return torch.tensor([values], dtype=torch.float64)


def close(first: Any, second: Any) -> bool:
    one, two = flat(first), flat(second)
    return bool((one - two).norm() <= 1e-5 * two.norm()) and bool(two.norm() > 0)


@pytest.mark.parametrize(("scene", "net"), [("gradients", SmallNet), ("rare_gradients", Rare)])
def test_the_gradient_is_that_of_one_process(both, scene, net) -> None:
    alone = first_gradients(World(EXPERIMENT).trainer(net=net))
    for found in (side[scene] for side in both):
        assert found["grads"].keys() == alone["grads"].keys()
        for name, grad in alone["grads"].items():
            assert found["grads"][name] is None if grad is None else close(found["grads"][name], grad), name
        assert found["losses"] == pytest.approx(alone["losses"], rel=1e-6)


def test_a_parameter_used_in_one_share_alone_was_indeed_tested(both) -> None:
    first, second = (side["rare_gradients"] for side in both)
    assert (first["used"], second["used"]) == (0, 1)
    assert first["grads"]["head.weight"] is not None and first["grads"]["head.bias"] is None


def test_a_resumed_run_of_two_is_an_uninterrupted_run_of_one(both, folder, tmp_path) -> None:
    alone = World(EXPERIMENT).trainer(directory=tmp_path, save_every=1)
    progress = alone.fit()
    first, second = (side["training"] for side in both)
    assert first["weights"] == second["weights"]
    assert close(first["weights"], weights(alone))
    mine, theirs = (updates(path) for path in (tmp_path, folder / "run"))
    for name in ("attempt", "applied", "batch", "samples", "outcome", "rates"):
        assert [event[name] for event in theirs] == [event[name] for event in mine]
    for name in ("loss", "norm"):
        assert [event[name] for event in theirs] == pytest.approx([event[name] for event in mine], rel=1e-4)
    for side in (first, second):
        assert side["progress"]["samples"] == progress.samples
        for record, wanted in zip(side["progress"]["history"], progress.history, strict=True):
            assert record["validation"] == pytest.approx(wanted["validation"], rel=1e-5)


def test_one_process_goes_on_with_a_run_of_two(both, folder) -> None:
    resumed = World(EXPERIMENT).trainer(directory=folder / "left")
    resumed.fit(resume=True)
    assert close(weights(resumed), both[0]["training"]["weights"])
    starts = [e for e in read_ledger(folder / "left" / "ledger.jsonl") if e["event"] in {"start", "resume"}]
    assert [event["processes"] for event in starts] == [2, 1]


def updates(directory: Path) -> list[dict[str, Any]]:
    return [event for event in read_ledger(directory / "ledger.jsonl") if event["event"] == "update"]


def test_process_0_alone_writes(both, folder) -> None:
    first, second = (side["training"] for side in both)
    assert first["lines"] > 0 == second["lines"]
    events = read_ledger(folder / "run" / "ledger.jsonl")
    starts = [event for event in events if event["event"] in {"start", "resume"}]
    assert [event["event"] for event in starts] == ["start", "resume"]
    assert [event["processes"] for event in starts] == [2, 2]
    assert len({event["identity"]["run"] for event in starts}) == 1
    assert len(updates(folder / "run")) == first["progress"]["attempts"] == 4
    last = read_checkpoint(folder / "run" / "last.safetensors")
    assert last.tensors["live/head.bias"].tolist() == second["weights"][-1]


def test_a_gradient_that_is_not_finite_in_one_process_is_skipped_in_both(both) -> None:
    first, second = (side["one_nan"] for side in both)
    assert first["progress"]["failures"] == second["progress"]["failures"] == {Outcome.NOT_FINITE.value: 1}
    assert first["progress"]["updates"] == second["progress"]["updates"] == 3
    assert first["weights"] == second["weights"] and bool(flat(first["weights"]).isfinite().all())
    (skipped,) = first["skips"]  # process 0 alone speaks
    assert skipped.endswith(" in backbone.1.weight, backbone.1.bias, head.weight, from process 1")


def test_a_gradient_that_stays_not_finite_in_one_process_ends_both_and_names_it(both) -> None:
    for side in both:
        error = side["nan_for_good"]["error"]
        assert error.startswith("InfeasibleError: wanted weights that move; got 2 updates in a row"), error
        assert "not finite in backbone.1.weight, backbone.1.bias, head.weight, from process 1." in error


def test_memory_that_runs_out_in_one_process_is_said_and_both_compute_in_as_many_pieces(both, folder) -> None:
    first, second = (side["narrow"] for side in both)
    assert first["pieces"] == second["pieces"] == 2 and first["weights"] == second["weights"]
    (said,) = first["said"]
    assert "in process 1: every process computes its share of a batch in 2 pieces" in said
    assert read_checkpoint(folder / "narrow" / "last.safetensors").header.progress["pieces"] == 2


@pytest.mark.parametrize(
    ("scene", "got"),
    [
        ("disturbed", "sum of head in process 1, squares of head"),
        ("another_seed", "configuration in process 1"),
        ("idle", "applied in process 1"),
    ],
)
def test_processes_that_come_apart_are_an_error_in_both(both, scene, got) -> None:
    for side in both:
        assert side[scene]["error"].startswith("InfeasibleError: wanted the same")
        assert got in side[scene]["error"]


def test_a_process_that_stops_ends_the_others_and_says_why(both, folder) -> None:
    assert SCENES[-1] is gone
    assert both[1]["gone"]["error"].startswith("TrainingFault")
    words = "wanted an answer from all 2 processes; got process 1 stopped with TrainingFault"
    assert words in both[0]["gone"]["error"] and "validation is nan in process 1" in both[0]["gone"]["error"]
    verdict = diagnose_path(folder / "gone")
    assert not verdict.healthy and "validation is nan in process 1" in verdict.findings[0].evidence


def test_no_process_keeps_the_group_and_its_threads(both) -> None:
    # threads of a group that is still held at exit abort the process, now and then, after all is done
    assert [found["group"] for found in both] == [{"left": False}] * 2


def test_a_process_that_says_nothing_is_not_quoted() -> None:
    store = torch.distributed.HashStore()  # pyright: ignore[reportPrivateImportUsage]
    processes = Processes(world=2, store=store)
    assert processes._left() == ""
    store.set("stopped/1", "ValueError: one")
    assert processes._left() == "process 1 stopped with ValueError: one"


@pytest.mark.parametrize(("scenes", "world"), [(32, 2), (7, 3), (3, 3)])
def test_shares_are_a_batch_cut_into_pieces(scenes, world) -> None:
    shares = [Processes(rank=rank, world=world).share(scenes) for rank in range(world)]
    assert [row for share in shares for row in range(scenes)[share]] == list(range(scenes))
    assert max(share.stop - share.start for share in shares) - min(share.stop - share.start for share in shares) <= 1


def test_each_process_draws_its_own_dropout() -> None:
    assert len({Processes(rank=rank, world=3).stream("dropout") for rank in range(3)}) == 3
    assert Processes().stream("dropout") == "dropout"


def test_a_launch_is_read_whole_or_refused() -> None:
    assert processes_of({}, "cpu") == Processes()
    assert processes_of(LAUNCHED, "cpu") == Processes(rank=1, world=2)
    assert processes_of(LAUNCHED, "cuda").device == torch.device("cuda:1")
    for name in LAUNCHED:
        with pytest.raises(ConfigurationError, match=f"got no {name}"):
            processes_of({key: value for key, value in LAUNCHED.items() if key != name}, "cpu")
    for wrong in ({"RANK": "2"}, {"RANK": "one"}, {"WORLD_SIZE": "-2"}):
        with pytest.raises(ConfigurationError):
            processes_of(LAUNCHED | wrong, "cpu")


def test_a_launch_of_one_process_is_a_run_of_one() -> None:
    with joined({**LAUNCHED, "RANK": "0", "WORLD_SIZE": "1"}, "cpu") as processes:
        assert processes == Processes()


@pytest.mark.skipif(torch.cuda.device_count() > 1, reason="there are GPUs for both")
def test_each_process_needs_a_gpu_of_its_own() -> None:
    with pytest.raises(ConfigurationError, match="a GPU for each process"), joined(LAUNCHED, "cuda"):
        pass


def test_the_trainer_must_be_told_of_processes_that_are_there(world) -> None:
    with pytest.raises(ConfigurationError, match="wanted 2 connected processes; got 1"):
        world.trainer(processes=Processes(world=2))


@pytest.mark.parametrize(
    ("plan", "norm", "words"), [({"n_train": 21}, False, "a batch of 1"), ({"n_train": 20}, True, "batch-norm")]
)
def test_what_cannot_be_shared_is_refused(world, plan, norm, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Processes(world=2).check_plan(world.like(**plan).experiment.plan, SmallNet(batch_norm=norm))
    Processes().check_plan(world.like(**plan).experiment.plan, SmallNet(batch_norm=norm))
