"""Norms that drop to zero, spikes that come back, metrics without a loss, and the true best of a validation."""

import math
from collections.abc import Callable

import pytest

from trainlint import Severity, State, diagnose_text
from trainlint.after.reading.names import name_of
from trainlint.after.series import Kind

COUNT = 40


def wave(n: int) -> float:
    return math.sin(7.0 * n)


def rows(
    norm: Callable[[int], str], loss: Callable[[int], float], shown: str = "step {n} loss {a:.4f} grad_norm {g}"
) -> str:
    return "\n".join(shown.format(n=50 * n, a=loss(n), g=norm(n)) for n in range(COUNT))


def stuck(n: int) -> float:
    return 6.0 - 0.15 * min(n, 16) + 0.01 * wave(n)


def falls(n: int) -> float:
    return 0.4 + 5.0 * 0.9**n + 0.01 * wave(n)


SHOWN = ("step {n} loss {a:.4f} grad_norm {g}", "iteration {n} | lm loss: {a:.6E} | grad norm: {g} |",
         "loss={a:.4f}, gnorm={g}", "[{n}/2000] loss: {a:.4f} ({a:.4f}) gradient_norm: {g}")  # fmt: skip


@pytest.mark.parametrize("shown", SHOWN)
def test_a_norm_that_drops_to_zero_under_a_loss_that_stays(shown: str):
    text = rows(lambda n: f"{1.5 + 0.2 * wave(n):.3f}" if n < 17 else "0.000", stuck, shown)
    verdict = diagnose_text(text)
    assert verdict.codes[0] == "RT123"
    assert verdict.state is State.STALLED
    assert "is 0 from" in verdict.findings[0].evidence
    assert "23 of 40 places" in verdict.findings[0].evidence


SOUND = {
    "falls bit by bit": (lambda n: f"{2.0 * 0.7**n:.3f}", falls),
    "is satisfied": (
        lambda n: f"{1.0 + 0.1 * wave(n):.3f}" if n < 17 else "0.000",
        lambda n: max(0.0, 2 * 0.7**n - 0.0047),
    ),
    "falls on": (lambda n: f"{1.0:.1f}" if n < 17 else "0.0", lambda n: 5.0 * 0.9**n),
    "skips a few": (lambda n: "0.000" if n > 37 else f"{1.0 + 0.1 * wave(n):.3f}", falls),
    "never": (lambda n: f"{1.0 + 0.1 * wave(n):.3f}", falls),
}


@pytest.mark.parametrize("name", SOUND)
def test_norms_that_become_small_are_sound(name: str):
    norm, loss = SOUND[name]
    assert diagnose_text(rows(norm, loss)).healthy


def spiking(places: set[int], held: bool) -> str:
    text = ""
    for n in range(1, 31):
        up = 2.4 if n in places else 1.0
        text += (
            f"epoch {n} train_loss {up * (1 + 3 * 0.8**n):.4f} grad_norm {45.0 if up > 1 else 0.8 + 0.1 * wave(n):.3f} "
        )
        text += f"val_loss {(up if held else 1.0) * (1.1 + 3 * 0.8**n):.4f}\n"
    return text


@pytest.mark.parametrize(("held", "weight"), [(True, Severity.WARNING), (False, Severity.NOTE)])
def test_spikes_that_come_back_are_told(held: bool, weight: Severity):
    (found,) = [f for f in diagnose_text(spiking({11, 16, 20, 25}, held)).findings if f.rule.code == "RT127"]
    assert found.severity is weight
    assert "at 4 places, epoch 11 to epoch 25" in found.evidence
    assert ("so does the validation loss" in found.evidence) is held


def test_two_bad_batches_are_no_spikes():
    assert diagnose_text(spiking({11, 16}, held=False)).healthy


def test_the_best_of_a_validation_is_its_least_value():
    values = [0.9, 0.8, 0.62, 0.71, 0.75, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.6]
    text = "\n".join(f"epoch {n} train_loss {0.8**n:.4f} val_loss {v}" for n, v in enumerate(values, 1))
    (found,) = [f for f in diagnose_text(text).findings if f.rule.code == "RT230"]
    assert "is best at epoch 3 (0.62)" in found.evidence


HEADS = [
    "Runde;Fehler (Training);Fehler (Prüfung);Trefferquote",
    "Epoche;Trainingsfehler;Prüffehler;Richtigkeit",
    "époque;erreur d'entraînement;erreur d'évaluation;taux de réussite",
    "época;error de entrenamiento;error de prueba;tasa de aciertos",
    "epoca;errore di addestramento;errore di verifica;esattezza",
    "época;erro de treino;erro de teste;taxa de acertos",
    "轮次;训练错误率;测试错误率;命中率",
    "エポック;学習誤差;評価誤差;正答率",
    "에포크;훈련 오류율;평가 오류율;정확도",
]


@pytest.mark.parametrize("head", HEADS)
def test_metrics_are_read_in_other_languages(head: str):
    assert all(name_of(each).kind is Kind.METRIC for each in head.split(";")[1:])


def table(head: str, held: Callable[[int], float], train: Callable[[int], float]) -> str:
    lines = [f"{n};{train(n):.4f};{held(n):.4f};{1 - held(n):.4f}" for n in range(1, 26)]
    return "\n".join([head, *lines]).replace(".", ",")


@pytest.mark.parametrize("head", HEADS)
def test_held_out_metrics_that_stand_still_are_not_healthy(head: str):
    verdict = diagnose_text(table(head, lambda n: 0.4721, lambda n: 0.8 * 0.9**n))
    assert verdict.codes == ("RT212",)
    assert any("train loss" in text for text in verdict.blind)
    assert diagnose_text(table(head, lambda n: 0.9 * 0.93**n, lambda n: 0.8 * 0.9**n)).healthy


def test_metrics_that_only_get_worse_are_not_judged_healthy():
    lines = [f"epoch {n} accuracy {0.5 - 0.01 * n:.3f}" for n in range(1, 26)]
    assert not diagnose_text("\n".join(lines)).healthy


@pytest.mark.parametrize(
    "word", ["prove", "proof", "control", "controller", "evaluation", "verified", "pruned", "testing"]
)
def test_english_words_stay(word: str):
    assert "val" not in name_of(f"{word}_time").key.split("_")


def rewarded(rewards: list[float], name: str) -> str:
    return "\n".join(f"episode {n} {name} {r:.2f} td_loss {0.03 + 0.01 * wave(n):.4f}" for n, r in enumerate(rewards))


@pytest.mark.parametrize("name", ["reward", "ep_rew_mean", "mean_reward_100", "episode return"])
def test_a_reward_that_falls_for_good_is_told_and_one_that_scatters_is_not(name: str):
    learns = [200 * (1 - 0.93**n) - 20 + 12 * wave(n) for n in range(60)]
    lucky = [100.0 * (n % 17 == 5) for n in range(60)]
    around_zero = [5 * wave(n * n) for n in range(60)]
    for rewards in (learns, lucky, around_zero):
        assert "RT254" not in diagnose_text(rewarded(rewards, name)).codes
    for until in (30, 34, 38, 42, 50):
        lost = diagnose_text(rewarded([*learns[:until], *(-21 + wave(n) for n in range(60 - until))], name))
        assert lost.codes == ("RT254",)


def test_rates_in_a_list_behind_a_plural_are_rates():
    lines = [
        f"it {n} objective {3 - 0.1 * min(n, 14):.4f} learning rates : [{3e-4 * (n < 14)}, {3e-5 * (n < 14)}]"
        for n in range(40)
    ]
    assert diagnose_text("\n".join(lines)).codes[0] == "RT101"


@pytest.mark.parametrize(
    ("shown", "falls", "told"), [("0.000000", 0, True), ("0.0000", 0, False), ("0.000000", 0.9, False)]
)
def test_a_rate_that_prints_as_zero_is_told_where_nothing_moves(shown: str, falls: float, told: bool):
    """0.0000 may be 3e-5 beside a loss that is flat for another reason; below 5e-7 nothing would move."""
    lines = [f"epoch {n} lr {shown} train loss {1.3863 - falls * n / 15:.4f} val loss 1.3861" for n in range(1, 16)]
    codes = diagnose_text("\n".join(lines)).codes
    assert (codes[0] == "RT101") is told and ("RT101" in codes) is told and "RT212" in codes
