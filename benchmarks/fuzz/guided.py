"""Does a fuzzer that sees which lines a reader reaches find a file that fails it with a foreign exception?

Run: pip install atheris; python benchmarks/fuzz/guided.py scene ledger --seconds 600 [--corpus build/corpus]

Each reader is fuzzed in a process of its own, one after another.
atheris keeps, in CORPUS/READER, each input that reached something new, and begins with what is there. Documents are
sealed anew after every change, so that what lies behind the digest is reached. A foreign exception ends the run, and
the input is left beside the corpus; a crash of the interpreter does too.
"""

import argparse
import os
import random
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

atheris = import_module("atheris")  # which is no dependency

OURS = ["ris_pytorch_pipeline", "trainlint"]
with atheris.instrument_imports(include=OURS):
    from changing import sealed_anew
    from making import make_all
    from reader import SECONDS, Reader, outcome
    from readers import READERS

MOST = 60_000
"""Bytes of an input."""


def main() -> None:
    """Fuzz some readers.

    Raises:
        SystemExit: with 1 where an input of one of them failed.
    """
    parser = argparse.ArgumentParser(description="Guided by coverage.")
    parser.add_argument("reader", nargs="+", choices=[*READERS])
    parser.add_argument("--seconds", type=int, default=600, help="of each reader")
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        with atheris.instrument_imports(include=OURS):  # of what is imported at its first use
            make_all(Path(place))
            for name in given.reader:
                outcome(READERS[name].read, Path(place) / READERS[name].file)
        failed = [name for name in given.reader if not ended_well(name, Path(place), given)]
    raise SystemExit(f"failed: {', '.join(failed)}" if failed else 0)


def ended_well(name: str, place: Path, given: argparse.Namespace) -> bool:
    """Whether a reader, in a process of its own, failed by none of its inputs."""
    print(f"{name}:", flush=True)
    if not (number := os.fork()):
        fuzz(READERS[name], place, given)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0


def fuzz(reader: Reader, place: Path, given: argparse.Namespace) -> None:
    """Fuzz one reader; atheris ends the process, with another code than 0 where an input failed."""
    path, kept = place / reader.file, given.corpus / reader.folder
    good = path.read_bytes()
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "good").write_bytes(good)

    def one(content: bytes) -> None:
        path.write_bytes(content)
        told = outcome(reader.read, path)
        if told.startswith("FOREIGN"):
            raise AssertionError(told)

    def changed(content: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        try:
            new = reader.change(content, draw) if draw.random() < 0.5 else atheris.Mutate(content, most)
        except Exception:
            new = atheris.Mutate(content, most)
        return sealed_anew(new)[:most]

    told = [f"-max_total_time={given.seconds}", f"-max_len={MOST}", f"-timeout={SECONDS}", "-rss_limit_mb=1024"]
    told += ["-print_final_stats=1", f"-artifact_prefix={kept.parent}{os.sep}"]
    atheris.Setup([sys.argv[0], *told, str(kept)], one, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
