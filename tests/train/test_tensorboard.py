"""Do the numbers of a run arrive in TensorBoard, and is a missing package found before anything is written?"""

import resource
import sys
import threading

import pytest
from small_world import SmallLoss
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.train import TensorBoard, read_ledger


def scalars(directory) -> dict[str, list[tuple[int, float]]]:
    """(step, value) of each tag, as TensorBoard reads them."""
    found = EventAccumulator(str(directory)).Reload()
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_every_number_of_the_ledger_arrives(world, tmp_path) -> None:
    board = TensorBoard(tmp_path / "board")
    trainer = world.trainer(SmallLoss({3: "nan"}), directory=tmp_path / "run", listeners=[board])
    trainer.fit(epochs=2)
    events = read_ledger(tmp_path / "run" / "ledger.jsonl")
    found = scalars(tmp_path / "board")
    updates = [event for event in events if event["event"] == "update"]
    for tag, read in {
        "loss/total": lambda e: e["loss"],
        "loss/u": lambda e: e["terms"]["u"],
        "gradient/total": lambda e: e["norm"],
        "gradient/head": lambda e: e["norms"]["head"],
        "rate/backbone": lambda e: e["rates"]["backbone"],
        "run/not_applied": lambda e: e["attempt"] - e["applied"],
    }.items():
        wanted = [(event["attempt"], float(read(event))) for event in updates]
        assert found[tag] == [(step, pytest.approx(value, rel=1e-6, nan_ok=True)) for step, value in wanted], tag
    moved = [(e["attempt"], pytest.approx(e["motion"]["groups"]["head"])) for e in updates if e["motion"] is not None]
    assert found["motion/head"] == moved and moved
    assert [value for _, value in found["run/not_applied"]] == [0.0] * 3 + [1.0] * 7
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [step for step, _ in found["validation/w"]] == [event["updates"] for event in epochs] == [4, 9]
    assert [value for _, value in found["validation/w"]] == pytest.approx([e["validation"]["w"] for e in epochs])
    train = [float(event["train"]) for event in epochs]
    assert [value for _, value in found["train/loss"]] == pytest.approx(train, nan_ok=True)


def test_a_run_that_fails_leaves_what_it_had(world, tmp_path) -> None:
    board = TensorBoard(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        world.trainer(SmallLoss({2: "interrupt"}), listeners=[board]).fit()
    assert [step for step, _ in scalars(tmp_path)["loss/total"]] == [1, 2]


def test_without_the_package_nothing_is_written(tmp_path, monkeypatch, capsys) -> None:
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'ris-pytorch-pipeline\[tensorboard\]'"):
        TensorBoard(tmp_path / "board")
    assert main(["train", str(tmp_path / "run"), "--tensorboard", str(tmp_path / "board")]) == 2
    assert "pip install" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_refused_run_writes_no_events(world, tmp_path) -> None:
    with pytest.raises(ConfigurationError):
        world.trainer(listeners=[TensorBoard(tmp_path / "board")]).fit(epochs=0)
    assert not list(tmp_path.iterdir())


def test_the_command_writes_them(tmp_path) -> None:
    short = ["--epochs", "1", "--n-train", "32", "--n-val", "16", "--quiet"]
    assert main(["train", str(tmp_path / "run"), *short, "--tensorboard", str(tmp_path / "board")]) == 0
    assert {"loss/heat", "gradient/backbone", "validation/nmse"} <= scalars(tmp_path / "board").keys()


def test_what_a_resumed_run_does_again_is_shown_once(world, tmp_path) -> None:
    """Killed in the eighth update, gone on from the fifth."""
    with pytest.raises(KeyboardInterrupt):
        world.trainer(SmallLoss({7: "interrupt"}), directory=tmp_path / "run", listeners=[TensorBoard(tmp_path)]).fit()
    world.trainer(directory=tmp_path / "run", listeners=[TensorBoard(tmp_path)]).fit(resume=True)
    assert [step for step, _ in scalars(tmp_path)["loss/total"]] == list(range(1, 11))
    assert [step for step, _ in scalars(tmp_path)["validation/total"]] == [5, 10]


@pytest.mark.parametrize("size", [10, 100, 1500])
def test_a_file_that_takes_no_more_ends_the_run_with_its_cause_and_without_a_traceback(
    world, tmp_path, capfd, size: int
) -> None:
    """No thread is left to print one, and what is there is whole records."""
    threads = threading.active_count()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with pytest.raises(InputError, match=r"events\.out.*File too large.*Likely cause: .*a limit on the size"):
            world.trainer(listeners=[TensorBoard(tmp_path)]).fit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Traceback" not in "".join(capfd.readouterr())
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= size and threading.active_count() == threads
    if size > 1000:
        found = [step for step, _ in scalars(tmp_path)["loss/total"]]
        assert found == list(range(1, len(found) + 1)) and found
