"""How fast are MVDR and MUSIC beside those of acoular? The same covariances and steering vectors by turns, one thread.

acoular runs in a Python of its own, because it asks for other versions of NumPy: one covariance a call, complex128, its
compiled kernel warmed up. CPU time of the calls alone is compared; the ratio is the median over the turns, and its 95 %
interval that of the median. The largest difference of the spectra is relative to their largest value. Where acoular is
not installed, that is said and nothing is measured.

    python -m venv ../peers && ../peers/bin/pip install acoular
    python benchmarks/peers.py --python ../peers/bin/python [--points 4000] [--batch 8] [--turns 7]
"""

import argparse
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from against_checkout import median_interval

HERE = Path(__file__).resolve()
CASES = ("mvdr", "music")
SOURCES = 3


def send(pipe: IO[bytes], **arrays: Any) -> None:  # noqa: ANN401
    """Write named arrays after their length."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    pipe.write(len(buffer.getvalue()).to_bytes(8, "little") + buffer.getvalue())
    pipe.flush()


def receive(pipe: IO[bytes]) -> dict[str, Any]:
    """Read named arrays; none at the end."""
    size = int.from_bytes(pipe.read(8), "little")
    return dict(np.load(io.BytesIO(pipe.read(size)))) if size else {}


def peer(case: str, covariance: Any, vectors: Any) -> Any:  # noqa: ANN401
    """Spectrum of one covariance by acoular, as its `BeamformerCapon` and `BeamformerMusic` compute it."""
    from acoular.fastFuncs import beamformerFreq  # pyright: ignore[reportMissingImports]
    from scipy import linalg

    if case == "mvdr":
        inverse = np.array(linalg.inv(covariance), order="C")
        return 1 / beamformerFreq("custom", False, 1.0, vectors, inverse)[0]
    _, directions = np.linalg.eigh(covariance)
    noise = np.array(directions[:, :-SOURCES], order="C")
    return beamformerFreq("custom", False, 1.0, vectors, (np.ones(noise.shape[1]), noise))[0]


def work() -> None:
    """Answer covariances from the standard input with seconds and spectra, until it ends."""
    given: dict[str, Any] = {}
    while request := receive(sys.stdin.buffer):
        given |= request
        start = time.process_time()
        spectra = [peer(str(given["case"]), each, given["vectors"]) for each in given["covariances"]]
        send(sys.stdout.buffer, seconds=time.process_time() - start, spectra=np.stack(spectra))


def scenes(batch: int, points: int) -> tuple[Any, Any]:
    """Covariances of 12 x 12 elements with some noise, and steering vectors of random places."""
    import torch

    from ris_pytorch_pipeline.covariance import true_covariance
    from ris_pytorch_pipeline.physics import cosines_from_positions, draw, preset, steering_at
    from ris_pytorch_pipeline.rng import stream

    drawn = draw(preset("random", sources=SOURCES), batch, stream(0, "peers"))
    cosines = cosines_from_positions(drawn.truth.positions)
    covariance = true_covariance(cosines, drawn.truth.powers, drawn.observation.array, floor=0.01).dense()
    axis = torch.rand(points, 3, generator=stream(1, "peers"), dtype=torch.float64)
    places = axis * torch.tensor([1.6, 1.0, 1.9]) + torch.tensor([-0.8, -0.5, 0.1])
    return covariance, steering_at(places, drawn.observation.array)


def ours(case: str, covariances: Any, vectors: Any) -> Any:  # noqa: ANN401
    """Our spectra of all covariances in one call."""
    from ris_pytorch_pipeline.covariance import music, mvdr, signal_subspace

    if case == "mvdr":
        return mvdr(covariances, vectors, jitter=0.0)
    return music(signal_subspace(covariances, SOURCES), vectors) * vectors.shape[-1]


def compare(ask: Callable[..., dict[str, Any]], given: argparse.Namespace) -> None:
    """Print a line for each spectrum and precision."""
    import torch

    torch.set_num_threads(1)
    covariances, vectors = scenes(given.batch, given.points)
    told = ask(covariances=covariances.numpy(), vectors=vectors.numpy(), case="mvdr")
    for case in CASES:
        ask(case=case)  # warm up
        for dtype in (torch.complex128, torch.complex64):
            some, places = covariances.to(dtype), vectors.to(dtype)
            ratios, seen = [], ours(case, some, places)
            for _ in range(given.turns):
                start = time.process_time()
                seen = ours(case, some, places)
                mine = time.process_time() - start
                told = ask(case=case)
                ratios.append(float(told["seconds"]) / mine)
            away = np.abs(seen.numpy() - told["spectra"]).max() / np.abs(told["spectra"]).max()
            middle, low, high = median_interval(ratios)
            sizes = f"n={given.turns}, {given.batch} covariances, {given.points} points"
            shown = f"acoular / ours {middle:.2f} [{low:.2f}, {high:.2f}]"
            print(f"{case:6s} {str(dtype)[6:]:10s} {shown}  {sizes}, difference {away:.1e}", flush=True)


def main() -> None:
    """Start the peer and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="of the environment that has acoular")
    for name, default in {"points": 4000, "batch": 8, "turns": 7}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work()
        return
    if subprocess.run([given.python, "-c", "import acoular"], capture_output=True).returncode:
        print(f"acoular is not installed for {given.python}: nothing to compare with")
        return
    one = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **one, "PYTHONPATH": ""}
    command = [given.python, str(HERE), "--work"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    source, sink = process.stdout, process.stdin

    def ask(**arrays: Any) -> dict[str, Any]:  # noqa: ANN401
        send(sink, **arrays)
        return receive(source)

    try:
        compare(ask, given)
    finally:
        sink.close()
        process.wait()


if __name__ == "__main__":
    main()
