"""What does a user see when output, disk, memory or the process itself fails? One message and a documented code."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from nursery import Nursery
from running import NETWORK, SMALL, Run

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.commands import bench, evaluate, train
from ris_pytorch_pipeline.cli.showing import output
from ris_pytorch_pipeline.cli.showing.streams import writes_any_letter
from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError, InputError
from ris_pytorch_pipeline.experiment import experiment_from_toml, training_from_toml
from ris_pytorch_pipeline.files import Terminated
from ris_pytorch_pipeline.foreign import foreign_errors, odd_values
from ris_pytorch_pipeline.train import Reporter, Trainer, read_checkpoint

TRAIN = ("train", "run", "--config", "net.toml")


class Full(io.RawIOBase):
    """A stream whose disk is full."""

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        raise OSError(28, "No space left on device")


def text(raw: io.RawIOBase | io.BytesIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding=encoding, write_through=True)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("encoding", "command"),
    [("ascii", "train"), ("latin-1", "bound"), ("cp1252", "bound"), ("ascii", "bound"), ("ascii", "bound --help")],
)
def test_any_encoding_will_do(encoding: str, command: str, ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.toml").write_text(NETWORK)
    given = {
        "train": ["train", "run", "--config", "net.toml", "--no-preflight"],
        "bound": ["bound", *SMALL, "--scenes", "2"],
    }
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", text(written, encoding))
    arguments = given.get(command, command.split())
    if "--help" in arguments:
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
    else:
        assert main(arguments) == 0
    assert written.getvalue().decode(encoding)
    if command == "train":
        assert "\\u0394param" in written.getvalue().decode(encoding)


def test_json_is_json_in_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", text(written, "latin-1"))
    assert not writes_any_letter()
    output.print_json({"a": "°Δ"})
    assert written.getvalue() == b'{\n  "a": "\\u00b0\\u0394"\n}\n'


def test_a_closed_output_swallows_and_a_full_one_is_told(
    ris: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for stream, code in ((None, 0), (text(Full(), "utf-8"), 74)):
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["bound", *SMALL, "--scenes", "2"]) == code
    assert "standard output cannot be written: No space left" in capsys.readouterr().err


def test_a_run_goes_on_without_a_listener(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.toml").write_text(NETWORK)
    monkeypatch.setattr(sys, "stdout", text(Full(), "utf-8"))
    assert (
        main(["train", "run", "--config", "net.toml", "--no-preflight"]) == 74
    )  # the last line, which is no part of it
    assert read_checkpoint("run/last.safetensors").progress.epoch == 1
    reporter = Reporter()
    reporter.say("nobody hears this")
    reporter.say("nor this")


def test_sigterm_ends_a_training_with_a_checkpoint_and_143(
    ris: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("net.toml").write_text(NETWORK.replace("epochs = 1", "epochs = 9"))
    account = Trainer._account

    def asked(trainer: Trainer, *given: Any) -> None:
        account(trainer, *given)
        if trainer.progress.attempts == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Trainer, "_account", asked)
    said = ris(*TRAIN, "--no-preflight")
    assert said.code == 143 and said.err == "ris: ended by SIGTERM\n"
    assert "[STOP] SIGTERM: everything so far is kept in run; go on with" in said.out
    assert read_checkpoint("run/last.safetensors").progress.updates == 3
    assert not [path for path in Path("run").iterdir() if path.name.startswith(".")]


@pytest.mark.stress
def test_sigterm_ends_a_training_process(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text(NETWORK.replace("epochs = 1", "epochs = 10000"))
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "train", "run", "--config", "net.toml", "--no-preflight"]
    run = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    while not run.stdout.readline().startswith("[OPT] step 3"):
        assert run.poll() is None
    run.send_signal(signal.SIGTERM)
    said, errors = run.communicate(timeout=60)
    assert run.returncode == 143, errors
    assert "[STOP] SIGTERM: everything so far is kept in run; go on with" in said and "ended by SIGTERM" in errors
    assert read_checkpoint(tmp_path / "run" / "last.safetensors").progress.updates >= 3
    assert not [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_finished_cells_are_printed_on_a_signal(number: int, ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run_sweep = bench.sweep

    def stopped(*given: object, **named: object):
        for count, cell in enumerate(run_sweep(*given, **named)):  # pyright: ignore[reportArgumentType]
            yield cell
            if count == 1:
                os.kill(os.getpid(), number)
                time.sleep(1)

    monkeypatch.setattr(bench, "sweep", stopped)
    options = [
        *SMALL[:-4],
        "--methods",
        "bp-music,genie",
        "--sources",
        "1",
        "--snr-db",
        "10,20",
        "--scenes",
        "2",
        "--json",
    ]
    said = ris("bench", *options)
    assert said.code == 128 + number and not said.json["complete"] and len(said.json["cells"]) == 2


def test_finished_cells_are_printed_before_an_error(
    ris: Run, monkeypatch: pytest.MonkeyPatch, run_folder: Path
) -> None:
    run_sweep = evaluate.sweep

    def fails(*given: object):
        yield next(iter(run_sweep(*given)))  # pyright: ignore[reportArgumentType]
        raise InfeasibleError("memory", "none", "a test", "go on")

    monkeypatch.setattr(evaluate, "sweep", fails)
    said = ris("evaluate", str(run_folder), "--methods", "genie,bp-music", "--scenes", "2", "--json")
    assert said.code == 2 and len(said.json["cells"]) == 1 and "wanted memory" in said.err


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), InfeasibleError), (RuntimeError("could not create a primitive"), InfeasibleError),
        (RuntimeError("could not create a memory object"), InfeasibleError),
        (RuntimeError("could not create a primitive descriptor for a convolution"), RuntimeError),
        (RuntimeError("could not create a folder"), RuntimeError),
        (RuntimeError("can't start new thread"), InfeasibleError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), InfeasibleError),
        (OverflowError("int too big"), InputError), (RecursionError("deep"), InputError),
        (torch.linalg.LinAlgError("linalg.cholesky: not positive-definite"), InputError),  # pyright: ignore
        (RuntimeError("Storage size calculation overflowed"), InputError), (RuntimeError("a bug"), RuntimeError),
    ],
)  # fmt: skip
def test_errors_of_size_are_told_as_such(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught, foreign_errors():
        raise error
    assert type(caught.value) is kind


@pytest.mark.parametrize("error", [KeyError("a"), TypeError("b"), ZeroDivisionError("c"), AttributeError("d")])
def test_values_that_nobody_wrote_are_told_as_such(error: Exception) -> None:
    with pytest.raises(InputError, match="one that was edited"), odd_values("a document", "a.json", "copy it"):
        raise error


@pytest.mark.parametrize("error", [AssertionError("a bug"), RuntimeError("b"), OSError("c"), RecursionError("d")])
def test_other_errors_are_no_values_of_a_document(error: Exception) -> None:
    with pytest.raises(type(error)), odd_values("a document", "a.json", "copy it"):
        raise error
    with pytest.raises(InputError), odd_values("a document", "a.json", "copy it", type(error)):
        raise error


@pytest.mark.parametrize(
    "content",
    [
        "seed = " + "9" * 5000, "seed = " + "9" * 400, "[scenario]\nsnr_db = " + "9" * 400, "x = " + "[" * 3000,
        "x = " + "[" * 40 + "]" * 40, 'preset = 3', 'preset = ["x"]', "preset = {a = 1}", "seed = nan", "seed = \x00",
        "[scenario]\nsnr_db = inf", "seed = 1979-05-27", "[plan]\nn_train = " + "9" * 30, "a.b.c = 1",
    ],
)  # fmt: skip
def test_a_configuration_that_cannot_be_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(content)
    for read in (experiment_from_toml, training_from_toml):
        with pytest.raises(ConfigurationError) as caught:
            read(tmp_path / "c.toml")
        assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    "options",
    [
        ["--seed", "9" * 5000], ["--snr-db", "9" * 400], ["--threads", "99999999999"], ["--threads", "0"],
        ["--horizontal", "9223372036854775807"], ["--config", os.devnull], ["--config", "no\0thing"],
    ],
)  # fmt: skip
def test_numbers_that_fit_nowhere_are_refused(options: list[str], ris: Run) -> None:
    said = ris("bound", "--scenes", "2", *SMALL[2:], *options)
    assert said.code == 2 and said.err.startswith("ris: ") and "Traceback" not in said.err and not said.out


HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")


def test_a_process_without_a_home_starts_and_works(tmp_path: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "bound", "--scenes", "2", *SMALL]
    done = subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr and "azimuth" in done.stdout


@pytest.mark.parametrize("home", [None, "/proc/none"])
def test_a_figure_is_drawn_without_a_home_that_can_be_written(
    home: str | None, small_file: str, nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in HOMES:
        monkeypatch.delenv(name, raising=False)
    given = {} if home is None else dict.fromkeys(HOMES, home)
    locate = ("locate", small_file, "--sources", "1", "--plot", "a.png")
    done = nursery.run("-m", "ris_pytorch_pipeline", *locate, cwd=tmp_path, **given)
    assert done.returncode == 0 and "Traceback" not in done.stderr and "figure written to a.png" in done.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_figures_are_written_whole(ris: Run, small_file: str) -> None:
    Path("real.png").write_bytes(b"mine")
    Path("link.png").symlink_to("real.png")
    said = ris("locate", small_file, "--sources", "1", "--plot", "link.png")
    assert said.code == 2 and "a link" in said.err and Path("real.png").read_bytes() == b"mine"
    assert ris("locate", small_file, "--sources", "1", "--plot", "real.png").code == 0
    assert Path("real.png").read_bytes().startswith(b"\x89PNG")


def test_a_clock_that_stands_still_divides_nothing(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 5.0)
    assert output.rate(3, 0.0) == output.rate(3, -1.0) == "" and output.rate(3, 2.0) == "2 scenes/s"
    assert ris("simulate", "--shards", "s", *SMALL, "--split", "train=4", "--batch", "4").code == 0


def test_sigterm_is_an_interruption_with_a_code_of_its_own(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(arguments: object) -> None:
        raise Terminated(signal.SIGTERM)

    monkeypatch.setattr(train, "run", ended)
    said = ris("train", "x")
    assert said.code == 143 and said.err == "ris: ended by SIGTERM\n"
