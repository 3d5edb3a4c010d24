"""Is nothing lost of a run that is killed, fills the disk, is refused, or meets another one in its folder?"""

import math
import os
import resource
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from small_world import SmallLoss, World

from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.experiment import Plan
from ris_pytorch_pipeline.files import Stop, Terminated, stopping
from ris_pytorch_pipeline.train import TensorBoard, Trainer, read_checkpoint, read_ledger

LEDGER, LAST = "ledger.jsonl", "last.safetensors"
ON_DISK = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.truncate"}


@pytest.fixture(scope="module")
def whole(small: World) -> Trainer:
    """The run that nothing happens to: four updates in two epochs."""
    trainer = brief(World(small.experiment)).trainer()
    trainer.fit()
    return trainer


def brief(world: World) -> World:
    return world.like(n_train=8, n_val=4, epochs=2)


def same(first: Trainer, second: Trainer) -> bool:
    pairs = zip(first.net.state_dict().values(), second.net.state_dict().values(), strict=True)
    counts = (first.progress.updates, first.progress.best) == (second.progress.updates, second.progress.best)
    return counts and all(torch.equal(a, b) for a, b in pairs)


def child(work: Callable[[], object]) -> int:
    """Do something in a process of its own; its status."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads, which the child does not use
        number = os.fork()
    if not number:
        with suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def killed_at(folder: Path, point: int, world: World) -> bool:
    """Train, killed at the given touch of the disk; False where the run ended before it."""
    left = [point]

    def touched() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ON_DISK and any(str(folder) in str(argument) for argument in arguments):
            touched()

    def work() -> None:
        import sys

        sys.addaudithook(hook)
        for name in ("write", "fsync"):
            own = getattr(os, name)
            setattr(os, name, lambda *given, own=own: (touched(), own(*given))[1])
        world.trainer(directory=folder, save_every=1).fit()

    return child(work) == -signal.SIGKILL


def gone_on(folder: Path, world: World) -> Trainer:
    """Go on where there is something to go on from, else start: whichever is refused, the other must do."""
    trainer = world.trainer(directory=folder, save_every=1)
    trainer.fit(resume=(folder / LAST).exists())
    return trainer


@pytest.mark.parametrize("point", [1, 2, 5, 7, 9, 11, 12, 13, 15, 22, 38])
def test_a_kill_loses_nothing(point: int, world: World, whole: Trainer, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert killed_at(folder, point, brief(world))
    assert same(gone_on(folder, brief(world)), whole)
    assert {path.name for path in folder.iterdir()} == {LEDGER, LAST, "best.safetensors"}


@pytest.mark.stress
def test_a_kill_at_any_point_loses_nothing(world: World, whole: Trainer, tmp_path: Path) -> None:
    point = 1
    while killed_at(tmp_path / f"{point}", point, brief(world)):
        assert same(gone_on(tmp_path / f"{point}", brief(world)), whole), point
        point += 1
    assert point > 60


@pytest.mark.parametrize("resume", [False, True])
def test_a_start_without_a_checkpoint_can_be_started_or_resumed(
    resume: bool, world: World, whole: Trainer, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError):
        brief(world).trainer(directory=tmp_path).fit(resume=True)
    brief(world).trainer(directory=tmp_path).fit()
    first = (tmp_path / LEDGER).read_bytes().splitlines(keepends=True)[0]
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / LEDGER).write_bytes(first + b'{"event": "chec')
    again = brief(world)
    trainer = again.trainer(directory=tmp_path)
    trainer.fit(resume=resume)
    assert same(trainer, whole)
    assert (tmp_path / LEDGER).read_bytes().startswith(first + b'{"event": "start"')
    assert any("ended before its first checkpoint" in line for line in again.lines())


def test_a_ledger_with_updates_and_no_checkpoint_is_not_started_over(world: World, tmp_path: Path) -> None:
    brief(world).trainer(directory=tmp_path).fit()
    (tmp_path / LAST).unlink()
    (tmp_path / "best.safetensors").unlink()
    before = (tmp_path / LEDGER).read_bytes()
    for resume in (False, True):
        with pytest.raises(ConfigurationError):
            brief(world).trainer(directory=tmp_path).fit(resume=resume)
    assert (tmp_path / LEDGER).read_bytes() == before


@contextmanager
def room_for(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 500, 2000, 3000, 5000, 9000, 15000])
def test_a_full_disk_is_named_and_nothing_is_lost(size: int, world: World, whole: Trainer, tmp_path: Path) -> None:
    with room_for(size), suppress(InputError) as _:
        brief(world).trainer(directory=tmp_path, save_every=1).fit()
        assert size > 9000
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]
    for path in tmp_path.glob("*.safetensors"):
        read_checkpoint(path)
    told = read_ledger(tmp_path / LEDGER) if (tmp_path / LEDGER).exists() else []
    if not told or told[-1]["event"] != "end":
        assert same(gone_on(tmp_path, brief(world)), whole)


def test_the_error_of_a_full_disk_names_file_and_cause(world: World, tmp_path: Path) -> None:
    with room_for(500), pytest.raises(InputError, match=r"ledger\.jsonl.*File too large.*Next: free some space"):
        brief(world).trainer(directory=tmp_path).fit()
    with (
        room_for(4000),
        pytest.raises(InputError, match=r"last\.safetensors: File too large.*cause: .*a limit on the size of files"),
    ):
        brief(world).trainer(directory=tmp_path).fit()


def refusals(folder: Path, world: World) -> dict[str, Callable[[], object]]:
    """What a resume or a start is refused for."""
    brief(world).trainer(directory=folder).fit()
    lines = (folder / LEDGER).read_bytes().splitlines(keepends=True)

    def broken() -> None:
        (folder / LEDGER).write_bytes(b"".join([*lines[:2], b"(broken\n", *lines[2:]]))

    def linked() -> None:
        (folder / LEDGER).unlink()
        (folder.parent / "mine.txt").write_text("a file of mine\n")
        (folder / LEDGER).symlink_to(folder.parent / "mine.txt")

    def pipe() -> None:
        (folder / LEDGER).unlink()
        os.mkfifo(folder / LEDGER)

    def linked_checkpoint() -> None:
        (folder / LAST).rename(folder.parent / "theirs")
        (folder / LAST).symlink_to(folder.parent / "theirs")

    return {"broken": broken, "linked": linked, "pipe": pipe, "checkpoint": linked_checkpoint}


@pytest.mark.parametrize("what", ["broken", "linked", "pipe", "checkpoint"])
def test_a_refused_resume_writes_nothing(what: str, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    refusals(folder, world)[what]()
    before = contents(tmp_path)
    with pytest.raises((InputError, ConfigurationError, ValueError), match="Next:"):
        brief(world).trainer(directory=folder).fit(resume=True)
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_tensorboard_folder_that_cannot_be_is_refused_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigurationError, match="a folder for TensorBoard"):
            TensorBoard(path)


def test_a_second_run_in_the_folder_is_refused_and_the_first_one_untouched(world: World, tmp_path: Path) -> None:
    said = []

    class Meddling(SmallLoss):
        def __call__(self, *given):
            if self.calls == 2 and not said:
                for resume in (False, True):
                    with pytest.raises(ConfigurationError, match=f"earlier run|process {os.getpid()}") as caught:
                        brief(world).trainer(directory=tmp_path).fit(resume=resume)
                    said.append(str(caught.value))
            return super().__call__(*given)

    brief(world).trainer(Meddling(), directory=tmp_path).fit()
    assert len(said) == 2 and f"process {os.getpid()}" in said[1]
    attempts = [event["attempt"] for event in read_ledger(tmp_path / LEDGER) if event["event"] == "update"]
    assert attempts == [1, 2, 3, 4]


def test_a_ledger_that_is_removed_meanwhile_ends_the_run_with_a_checkpoint(world: World, tmp_path: Path) -> None:
    class Removes(SmallLoss):
        def __call__(self, *given):
            if self.calls == 1:
                (tmp_path / LEDGER).unlink(missing_ok=True)
            return super().__call__(*given)

    with pytest.raises(InputError, match="removed or replaced"):
        brief(world).trainer(Removes(), directory=tmp_path).fit()
    assert read_checkpoint(tmp_path / LAST).progress.updates == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_after_the_update_with_everything_kept(
    number: signal.Signals, world: World, whole: Trainer, tmp_path: Path
) -> None:
    class Signalled(SmallLoss):
        def __call__(self, *given):
            if self.calls == 2 and torch.is_grad_enabled():
                os.kill(os.getpid(), number)
            return super().__call__(*given)

    with stopping() as stop, pytest.raises(KeyboardInterrupt) as caught:
        brief(world).trainer(Signalled(), directory=tmp_path, stop=stop).fit()
    assert isinstance(caught.value, Terminated) == (number == signal.SIGTERM)
    assert read_checkpoint(tmp_path / LAST).progress.attempts == 3
    resumed = brief(world).trainer(directory=tmp_path)
    resumed.fit(resume=True)
    assert same(resumed, whole)


def test_a_second_signal_is_not_waited_for() -> None:
    with pytest.raises(Terminated), stopping() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.name == "SIGTERM" and isinstance(stop.error(), Terminated)
        os.kill(os.getpid(), signal.SIGTERM)
    assert Stop().name == ""


def test_a_plan_with_zeros_too_many_takes_no_memory(world: World) -> None:
    plan = Plan(n_train=10**12, batch=7, epochs=10**6)
    assert plan.updates(3) == 10**6 * math.ceil(math.ceil(10**12 / 7) / 3)
    assert plan.sizes().least == 10**12 % 7 and plan.sizes().total == 10**12
