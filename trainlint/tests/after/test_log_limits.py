"""Any file is read or refused with one message: encodings, endless lines, endless numbers, nesting, bytes."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json

import pytest

from trainlint import InputError, State, diagnose_path, diagnose_text
from trainlint.after.reading.numerals import NUMBER, cell
from trainlint.after.reading.sources import read_file, read_text
from trainlint.after.reading.text import LONGEST_PIECE, MOST_PIECES

SOUND = "\n".join(f"epoch {e} loss {1 / e:.4f} val_loss {1.1 / e:.4f}" for e in range(1, 11))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_encodings_are_told_apart(tmp_path, encoding: str):
    path = tmp_path / "train.log"
    path.write_bytes(("é " * (encoding != "utf-16-le") + SOUND).encode(encoding))
    verdict = diagnose_path(path)
    assert verdict.healthy
    assert verdict.counts == {"epochs": 10, "values": 20}


def test_zeros_at_the_end_as_after_a_power_cut_are_left_out(tmp_path):
    path = tmp_path / "train.log"
    path.write_bytes(SOUND.encode() + bytes(4096))
    assert diagnose_path(path).counts == {"epochs": 10, "values": 20}


@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(4000), b"PK\x03\x04" + bytes(range(32)) * 20]
)
def test_a_binary_file_is_refused(tmp_path, content: bytes):
    path = tmp_path / "train.log"
    path.write_bytes(content)
    with pytest.raises(InputError, match="binary"):
        diagnose_path(path)


@pytest.mark.parametrize(
    "line", ["Epoch {n} loss: 1", "batch {n}", "loss: {n}", '{{"loss": [1, {n}]}}', "epoch,loss\n1,{n}"]
)
def test_a_number_without_end_is_refused(line: str):
    with pytest.raises(InputError, match="digits"):
        diagnose_text(line.format(n="9" * 5000))


def test_a_number_beyond_any_double_is_infinite_or_left_out():
    assert cell("1e999") == float("inf")
    assert diagnose_text("Epoch 1e999 loss 1").state is State.NOT_JUDGED


def test_a_document_nested_without_end_is_refused():
    with pytest.raises(InputError, match="nested"):
        diagnose_text('{"loss":' * 5000 + "1" + "}" * 5000)


def test_a_ledger_nested_without_end_is_refused(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"a":' * 20000 + "\n")
    with pytest.raises(InputError, match="nested"):
        diagnose_path(path)


@pytest.mark.parametrize(
    "unclosed", ['{"loss":' * 3000, "[" * 3000, "{{'loss': 0.5}}", "loss: tensor(", "epoch epoch epoch", "lr=[" * 900]
)
def test_broken_lines_are_read_as_far_as_they_say_something(unclosed: str):
    assert diagnose_text(f"{SOUND}\n{unclosed}").healthy


def test_a_long_line_is_read_in_pieces_and_no_value_is_cut(tmp_path):
    path = tmp_path / "train.log"
    count = 3 * LONGEST_PIECE // 16
    path.write_text(" ".join(f"loss: {1 + i % 10 / 8:.6f}," for i in range(count)))
    values = list(read_file(path).series["loss"].values)
    assert values == [1 + i % 10 / 8 for i in range(count)]


CUT = "the ends of 1 lines longer than 458752 characters"
MANY = 12 * LONGEST_PIECE // 16


@pytest.mark.parametrize("as_text", [False, True])
def test_what_is_longer_than_any_line_is_left_out_and_said(tmp_path, as_text: bool):
    path = tmp_path / "train.log"
    path.write_text("".join(f"loss: {1 + i % 10 / 8:.6f}, " for i in range(MANY)) + "loss: 7.0\n" + SOUND)
    given = path.read_text() if as_text else path
    log = read_text(given) if isinstance(given, str) else read_file(given)
    verdict = diagnose_text(given) if isinstance(given, str) else diagnose_path(given)
    assert LONGEST_PIECE * (MOST_PIECES - 1) <= 16 * (len(log.series["loss"].values) - 10) < LONGEST_PIECE * MOST_PIECES
    assert 7.0 not in log.series["loss"].values and log.series["val_loss"].values[-1] == 0.11
    assert CUT in verdict.blind


@pytest.mark.parametrize("length", [LONGEST_PIECE * (MOST_PIECES - 1), LONGEST_PIECE * (MOST_PIECES + 2)])
def test_the_line_behind_a_long_one_is_read(tmp_path, length: int):
    path = tmp_path / "train.log"
    path.write_text("x" * length + "\n" + SOUND)
    verdict = diagnose_path(path)
    assert verdict.healthy and verdict.counts["values"] == 20
    assert (CUT in verdict.blind) == (length > LONGEST_PIECE * (MOST_PIECES - 1))


def test_a_bar_that_is_written_over_by_backspaces_is_no_long_line(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(
        "".join(f"{i}/9000 loss: {1 + i % 10 / 8:.4f}" + "\x08" * 40 for i in range(9000)) + "val_loss: 0.5\n"
    )
    assert list(read_file(path).series["val_loss"].values) == [0.5]
    assert not any("longer than" in told for told in diagnose_path(path).blind)


def test_backspaces_and_carriage_returns_part_lines():
    assert list(read_text("loss: 1.0\x08\x08\x08loss: 0.5\rloss: 0.25").series["loss"].values) == [1.0, 0.5, 0.25]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("-1.#IND", ["-1.#IND"]), ("a1 b2", []), ("1.5e-3,.5;+3", ["1.5e-3", ".5", "+3"]), ("nano inf. NaN", ["inf", "NaN"]),
        ("mAP@0.5 v1.2.3", []), ("0:21:00", ["0:21:00"]), ("3.2it/s 5e 1e5x", ["3.2", "5", "1e5"]), ("number of nan iterations: 0", ["0"]),
        ("2024-02-03", ["2024", "02", "03"]), ("-nan(ind)", ["-nan"]), ("x=-inf", ["-inf"]), ("infinity", ["infinity"]),
        ("loss: nan iter time (s): 0.4", ["nan", "0.4"]), ("loss -nan iteration 7", ["-nan", "7"]),
    ],
)  # fmt: skip
def test_numbers_are_told_from_words(text: str, values: list[str]):
    assert NUMBER.split(text)[1::2] == values


def test_series_and_names_are_bounded():
    log = read_text(
        "\n".join(f"name{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}: {i}.5" for i in range(2000))
    )
    assert len(log.series) <= 600
    assert log.left_out == 2000 - len(log.series)


def test_a_folder_means_the_log_in_it(tmp_path):
    with pytest.raises(InputError, match="neither"):
        diagnose_path(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "train-7.log").write_text(SOUND)
    assert diagnose_path(tmp_path).healthy
    (tmp_path / "trainer_state.json").write_text(
        json.dumps({"log_history": [{"step": s, "loss": float("nan")} for s in (1, 2, 3)]})
    )
    assert diagnose_path(tmp_path).codes == ("RT201",)


@pytest.mark.parametrize(
    "line",
    [
        "a\x00b 1 loss: 2",
        "te\u017ft loss: 1",
        "TRA\u0131N loss 2 val 3",
        "\u0660\u0661 loss: \u0662.5",
        "loss\u2028: 1",
    ],
)
def test_letters_of_other_scripts_break_nothing(line: str):
    diagnose_text("\n".join([line.replace("\x00", " 5 "), line, line, SOUND]))
