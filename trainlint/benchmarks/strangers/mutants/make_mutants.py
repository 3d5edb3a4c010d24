"""Make broken copies of twelve of the sound programs, and check that they run.

Every table in this folder (`table_*.py`) names one sound program and lists mutants of it.  A mutant is one exact
text replacement; the maker fails if the old text does not occur exactly once.  The asserted improvement at the end
of the sound program is dropped, and its `OK` line becomes an `END` line, so that a mutant runs to its end.

    python make_mutants.py --out DIR                 write all mutants and an index.json into DIR
    python make_mutants.py --out DIR --check         run them too, one at a time, and note how each one ended
    python make_mutants.py --out DIR --check --only gan,vae
"""
import argparse
import importlib.util
import json
import os
import re
import runpy
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

from families import FAMILY_OF

HERE = Path(__file__).resolve().parent
SOUND = HERE.parent / "sound"
END = re.compile(r"^(?:OK|END) (\S+) -> (\S+)$", re.M)


def load_tables(only=None):
    """Return every table module, in the order of their names."""
    tables = []
    for path in sorted(HERE.glob("table_*.py")):
        if only and path.stem.removeprefix("table_") not in only:
            continue
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        tables.append(module)
    return tables


def strip_verdict(text, program):
    """Drop the final assertion and turn the OK line into a plain END line."""
    lines = text.rstrip("\n").split("\n")
    if not lines[-2].startswith("assert ") or not lines[-1].startswith('print(f"OK '):
        raise SystemExit(f"{program}: the last two lines are not an assertion and an OK line")
    lines[-1] = lines[-1].replace('f"OK ', 'f"END ', 1)
    del lines[-2]
    return "\n".join(lines) + "\n"


def make(tables, out):
    """Write all mutants and return their index entries."""
    index, seen = [], set()
    for table in tables:
        source = strip_verdict((SOUND / f"{table.PROGRAM}.py").read_text(), table.PROGRAM)
        for operator, old, new, wrong, *flags in table.MUTANTS:
            name = f"{table.PROGRAM}__{operator}"
            if name in seen:
                raise SystemExit(f"{name} occurs twice")
            seen.add(name)
            count = source.count(old)
            if count != 1:
                raise SystemExit(f"{name}: the old text occurs {count} times")
            if old == new:
                raise SystemExit(f"{name}: nothing is replaced")
            text = source.replace(old, new)
            compile(text, name, "exec")
            (out / f"{name}.py").write_text(text)
            index.append({
                "name": name, "program": table.PROGRAM, "operator": operator,
                "family": FAMILY_OF[operator], "wrong": wrong,
                "subtle": "subtle" in flags, "higher_is_better": table.HIGHER,
                "line": source[:source.index(old)].count("\n") + 1,
            })
    return index


def run(path):
    """Run one program in a fork; return its status, its CPU seconds beyond the imports, its metrics, the last line."""
    with tempfile.TemporaryFile("w+") as sink:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                signal.alarm(120)
                os.dup2(sink.fileno(), 1)
                os.dup2(sink.fileno(), 2)
                warnings.simplefilter("ignore")
                runpy.run_path(str(path), run_name="__main__")
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, status, usage = os.wait4(child, 0)
        sink.seek(0)
        output = sink.read()
    found = END.search(output)
    metrics = [float(v) for v in found.groups()] if found else None
    return status, round(usage.ru_utime + usage.ru_stime, 2), metrics, (output.strip().split("\n") or [""])[-1]


def visibly_worse(metrics, parent, higher):
    """Tell whether a mutant lost more than a tenth of its parent's gain."""
    gain = parent[1] - parent[0]
    lost = parent[1] - metrics[1]
    if not higher:
        gain, lost = -gain, -lost
    return not lost <= 0.1 * gain


def check(index, out):
    """Run the parents and the mutants one at a time and note what happened."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch  # noqa: F401  (Every fork inherits this import, which takes longer than most of the programs.)
    import torch._dynamo  # noqa: F401  (The optimisers import it at their first use.)
    parents, bad = {}, 0
    for entry in index:
        program = entry["program"]
        if program not in parents:
            parents[program] = run(SOUND / f"{program}.py")[2]
            print(f"{program}: parent {parents[program]}", flush=True)
        status, seconds, metrics, tail = run(out / f"{entry['name']}.py")
        entry.update(status=status, seconds=seconds, metrics=metrics, parent_metrics=parents[program])
        remark = ""
        if status or metrics is None or seconds > 4:
            remark = f"ENDED BADLY OR LATE: {tail[:120]}"
        else:
            entry["worse"] = visibly_worse(metrics, parents[program], entry["higher_is_better"])
            if entry["worse"] == entry["subtle"]:
                remark = "is visible, marked subtle" if entry["worse"] else "NOT VISIBLE, not marked subtle"
        bad += bool(remark)
        print(f"  {entry['operator']:24s} {seconds:5.1f}s {metrics} {remark}", flush=True)
    print(f"{len(index)} mutants checked, {bad} with a remark")
    with open(out / "results.tsv", "w") as table:
        print("mutant", "subtle", "cpu_seconds", "before", "after", "parent_after", sep="\t", file=table)
        for e in index:
            before, after = e["metrics"] or ("", "")
            print(e["name"], "subtle" if e["subtle"] else "", e["seconds"], before, after, e["parent_metrics"][1],
                  sep="\t", file=table)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    index = make(load_tables(set(filter(None, args.only.split(",")))), args.out)
    if args.check:
        check(index, args.out)
    (args.out / "index.json").write_text(json.dumps(index, indent=1))
    families = Counter(e["family"] for e in index)
    for family, count in sorted(families.items()):
        print(f"{count:4d} {family}")
    print(f"{len(index)} mutants, {len({e['operator'] for e in index})} operators, {len(families)} families, "
          f"{sum(e['subtle'] for e in index)} subtle")


if __name__ == "__main__":
    main()
