"""What does a name in a log mean: a loss, a metric, a rate, a position, or nothing that can be judged?"""

import re
import unicodedata
from functools import lru_cache

from ..series import Kind, Name
from .tongues import in_english

PHASES = {
    **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "eval", "evaluation", "dev", "test", "testing", "tst", "va"), "val"),
    **dict.fromkeys(("holdout", "heldout", "validate", "validating", "evaluating", "held"), "val"),
    **dict.fromkeys("entrainement apprentissage entrenamiento addestramento treino trainings".split(), "train"),
    **dict.fromkeys("validierung validierungs validacion validazione validacao".split(), "val"),
}
_ASIDE = frozenset(
    "best lowest highest previous prev target threshold patience weight weights lambda coef coefficient margin alpha "
    "beta gamma smoothing eta time elapsed sec secs second seconds ms speed throughput fps mfu flops tflops mem memory "
    "gpu cuda size samples sample images instances workers runtime wall hours minutes remaining seed decay momentum "
    "dropout tokens version num_workers interval fraction ratio device dur duration s/it it/s eps rank world pid port "
    "ups wps wpb bsz clip v_num bs consumed util timestamp date hour minute job node "
    "scalars line created relative free total_flos total_time vram warning decayed mult multiplier "
    "improved decreased increased reduced from improve far counter".split()
)
_RIVAL = frozenset(
    "g d gen disc generator discriminator critic actor policy pg vf q qf adv adversarial gan reward rewards rew "
    "return returns entropy fake real dis advantage pi cycle idt wgan".split()
)
"""Words of adversaries and policies, in the name of a loss or a metric."""
_LOSS = frozenset(
    "nll xent crossentropy cost objective bpb bpc mse bce nelbo criterion verlust perte perdida perdita perda".split()
)
_LIKELIHOOD = frozenset("elbo likelihood loglikelihood loglik logp logprob ll llh".split())
_GENERIC = frozenset(
    "loss total avg average mean epoch step running lm ema smooth smoothed overall final value meter batch iter "
    "iteration cur current the net output sum at set model this per_step tot".split()
)
_UP = re.compile(
    r"(?:acc|accs|accuracy|top|b?map|m?ap|ar|f\d|fscore|f1score|miou|iou|giou|dice|dsc|s?bleu|rouge|rougel|rougelsum|auc|auroc|"
    r"auprc|roc|precision|prec|recall|psnr|ssim|mcc|kappa|qwk|r2|score|em|exact|match|reward|rewards|rew|return|returns|"
    r"success|hits?|ndcg|mrr|pck|cider|meteor|spice|pearson|spearman|corr|correlation|jaccard|sensitivity|specificity|"
    r"pq|nds|macc|aacc|chrf|comet|sdr|si_sdr|sisdr|stoi|pesq|"
    r"genauigkeit|exactitude|exactitud|accuratezza|acuracia)\d{0,3}"
)
_DOWN = re.compile(
    r"(?:error|err|errors|rmse|mae|mape|smape|wer|cer|ppl|perplexity|fid|eer|epe|mpjpe|lpips|mrse|fehler|erreur)\d{0,3}"
)
_STEPS = frozenset(
    "step steps iter iters iteration iterations it update updates batch minibatch timesteps round".split()
)
_COUNTED = frozenset(
    "per num max total n number every warmup accumulation time start log save eval size of until".split()
)
_SCALE = frozenset("scale scaler scaling".split())
_ENDS_IN_LOSS = re.compile(r"\w{0,60}loss(?:es)?\d{0,4}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z]|(?:verlust|fehler|genauigkeit)\b)")
"""`valLoss`, and German words that are written as one."""


CURVES = (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS, Kind.METRIC, Kind.RATE, Kind.GRADIENT_NORM, Kind.LOSS_SCALE)
"""Kinds that are judged."""


def words_of(text: str) -> list[str]:
    """The words of a name, lower case: `valLoss`, `val_loss`, `val/loss` and `Val Loss` have the same."""
    plain = text[:120] if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFD", text[:120]))
    return [w for w in re.split(r"[^a-z0-9δ]+", _CAMEL.sub("_", plain).lower()) if w]


_ACCENTS = re.compile(r"[\u0300-\u036f]")


@lru_cache(maxsize=4096)
def name_of(text: str, phase: str = "") -> Name:
    """A name as classified."""
    words = words_of(in_english(text))
    own = next((PHASES[w] for w in words if w in PHASES), "") or _glued(words)
    key = "_".join(words)
    phase = own or phase
    if phase == "val" and not own:
        key = f"val_{key}"
    return _classified(key, words, phase)


_GLUED = re.compile(
    r"(tr|train|training|v|va|val|valid|validation|eval|test|dev)(?:loss|acc|accuracy|err|error|ppl)\d*"
)


def quantity(key: str) -> frozenset[str]:
    """What a loss is of, beside the phase: two that state different ones are no measure of each other."""
    return frozenset(w for w in words_of(key) if w not in PHASES and w not in _GENERIC and not w.isdigit())


def _glued(words: list[str]) -> str:
    found = next((m for w in words if (m := _GLUED.fullmatch(w))), None)
    return "" if found is None else "train" if found[1].startswith("tr") else "val"


def _classified(key: str, words: list[str], phase: str) -> Name:
    known = set(words)
    rival = bool(known & _RIVAL - ({"entropy"} if "cross" in known else set())) or "value_loss" in key
    kind = _special(known, words)
    if kind is not None:
        return Name(key=key, kind=kind)
    if _is_loss(known, words):
        rest = [w for w in words if w not in PHASES and w not in _GENERIC and not w.isdigit()]
        kind = Kind.VALIDATION_LOSS if phase == "val" else Kind.TRAIN_LOSS
        return Name(key=key, kind=kind, term=bool([w for w in rest if not _ENDS_IN_LOSS.fullmatch(w)]), rival=rival)
    direction = _direction(words)
    if direction or known & _LIKELIHOOD:  # a likelihood is printed with either sign
        return Name(key=key, kind=Kind.METRIC, rival=rival, direction=direction)
    return Name(key=key, kind=_position(words))


def _special(known: set[str], words: list[str]) -> Kind | None:
    """Kinds that one word decides before anything else is asked."""
    if known & {"δ", "δparam", "δparams", "δw", "δθ"} or (
        {"param", "params"} & known and {"delta", "change", "drift"} & known
    ):
        return Kind.MOTION
    if known & {"skipped", "skips", "overflows"} and not known & {"samples", "data"}:
        return Kind.SKIPS
    if known & _SCALE and known & {"loss", "grad", "amp", "scaler", "scale"} and "lr" not in known:
        return Kind.LOSS_SCALE
    if "warmup" in known or {"warm", "up"} <= known:
        return Kind.WARMUP
    if known & _ASIDE:
        return Kind.IGNORED
    if known & {"gnorm", "gradnorm"} or ("norm" in known and known & {"grad", "gradient", "grads", "total"}):
        return Kind.GRADIENT_NORM
    if (
        any(re.fullmatch(r"lrs?\d*", w) for w in words)
        or {"learning", "rate"} <= known
        or words in (["rate"], ["rates"], ["lernrate"])
        or {"taux", "apprentissage"} <= known
        or known & {"aprendizaje", "apprendimento", "aprendizado", "aprendizagem"}
    ):
        return Kind.RATE
    return None


def _is_loss(known: set[str], words: list[str]) -> bool:
    if any(_ENDS_IN_LOSS.fullmatch(w) for w in words) or known & _LOSS or {"cross", "entropy"} <= known:
        return True
    if {"negative", "likelihood"} <= known:
        return True
    return bool(words) and all(w in PHASES for w in words)


def _direction(words: list[str]) -> int:
    if any(_DOWN.fullmatch(w) or w.rstrip("0123456789").endswith(("error", "err", "ppl")) for w in words):
        return -1
    return 1 if any((_UP.fullmatch(w) and len(w) > 1) or _GLUED.fullmatch(w) for w in words) else 0


def _position(words: list[str]) -> Kind:
    last, counted = (words[-1] if words else ""), bool(set(words) & _COUNTED)
    if last in {"epoch", "ep", "epoche", "epoque", "epoca"} and not counted:
        return Kind.EPOCH
    if last == "epochs":
        return Kind.PLANNED
    if words == ["epoch", "train"] or words == ["epoch", "val"] or words == ["epoch", "test"]:
        return Kind.EPOCH
    if last in _STEPS and (not counted or words in (["num", "updates"], ["total", "timesteps"])):
        return Kind.STEP
    if last in {"batches"} or words in (["batches", "per", "epoch"], ["steps", "per", "epoch"]):
        return Kind.BATCHES
    return Kind.OTHER
