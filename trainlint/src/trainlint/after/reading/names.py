"""What does a name in a log mean, in any language: a loss, a metric, a rate, a position, or nothing to judge?"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ..series import Kind, Name

_STEMS = {
    "lr": "lernrate leersnelheid leertempo inlarnings(?:hastighet|takt) laringsrate",
    "tempo": r"taux tasa tasso taxa rata wspolczynnik tempo szybkosc rychlost orani? hizi? скорост[ьи] швидк\w+ "
    "темп",
    "best": r"beste[rsn]? meilleure? mejor melhor migliore basta najleps\w+ nejleps\w+ iyi лучш\w+ найкращ\w+",
    "mean": r"gemiddelde? durchschnitt\w* mittlere[rs]? moyenne genomsnitt\w* sredni\w* ortalama",
    "loss": "verluste? verlies pertes? perdidas? perditas? perdas? forlust(?:en)? tap (?<=s)tab strat[aye] "
    r"kosten couts? cost[eo]s? custos? ztrat\w+ kayip kaybi pierdere\w* потер\w+ втрат\w+",
    "acc": "genauigkeit richtigkeit treffer(?:quote|rate)? reussite justesse aciertos? acertos? esattezza "
    "exactitude? accuratezza acuracia precisao nauwkeurigheid noggrannhet traffsakerhet "
    r"nojagtighed noyaktighet dokladnosci? presnost tocnost dogrulu[kg]u? acuratete akurasi точн\w+",
    "error": r"fehler erreur errore erro fout chyba bledu? blad hatasi? ошиб\w+ помилк\w+ похибк\w+",
    "train": "entrainement apprentissage entrenamiento aprendizaje addestramento apprendimento trein(?:o|amento) "
    r"aprendizado aprendizagem tr[ae]nings? treningow\w+ uczeni\w+ uczac\w+ trenova\w+ trenink\w* uceni "
    r"egitimi? ogrenme antrenare invatare обуч\w+ тренир\w+ навч\w+",
    "val": r"pruf(?:ung)?s? kontrolle? verifica(?:cion|cao)? convalida evalua(?:cion|tie) valutazione avaliacao "
    r"prueba prova teste validierungs? valida(?:cion|zione|cao|tie) valider(?:ing)?s? walidac\w+ validac\w+ "
    r"dogrulama\w* validare валид\w+ валід\w+ тест\w*",
    "epoch": r"epoch[ea] epoque epoca epo[kq]\w? tijdvak donem devir эпох\w+ епох\w+",
    "step": r"schritt etape pass?o stap(?:pen)? steg krok\w? adim шаг\w? крок\w?",
}
"""Words without their accents, which may be written as one: `träningsförlust`."""
_MEANINGS = {
    "lr": "学习率|學習率|学習率|학습률",
    "best": r"最佳|最好|最高|最優|最良|ベスト|최고",
    "time": r"用时|耗时|时间|時間|시간",
    "loss": r"代价|ロス|损失|損失|손실",
    "acc": r"命中率|准确度|正答率|准确率|準確率|正确率|正解率|精度|정확도",
    "error": r"错误率|錯誤率|오류율?|エラー率?|误差|誤差|오차",
    "train": r"训练|訓練|学習|훈련|학습",
    "val": r"評価|评估|평가|验证|驗證|検証|검증|测试|測試|テスト|테스트",
    "epoch": r"轮次?|周期|エポック|에포크",
    "step": r"步数?|迭代|ステップ|스텝",
}
"""Words that stand in a text without blanks."""


def _any_of(words: dict[str, str]) -> str:
    return "|".join(f"({'|'.join(each.split())})" for each in words.values())


_STEM = re.compile(_any_of(_STEMS))
_COMPOUND = re.compile(f"(trainings?|train|val|valid|test|eval)?(?:{_any_of(_STEMS)})+")
_MEANT = re.compile(f" ?(?:{_any_of(_MEANINGS)})")
_WORD = re.compile(r"[^\W\d_]{3,40}")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_LETTERS = str.maketrans("łıøæđ", "lioad")
_GAP = "\0"
"""Stands where a number stood."""
_NUMBERED = re.compile(rf"第\s*{_GAP}\s*[个個]?\s*(epoch|step)")
"""The third round: its name stands behind its number."""
_TOTAL = re.compile(rf"(?:/|из|共)\s*共?\s*{_GAP}\s*(?:epoch|step)?(?![a-z])")


def in_english(text: str) -> str:
    """A text whose known words are English ones, and whose marks are plain ones."""
    if not text.isascii():
        text = _MEANT.sub(lambda m: f"\1{_english(_MEANINGS, m)}\1", unicodedata.normalize("NFKC", text))
        text = text.replace("\1\1", " ").replace("\1", " ")
    return _WORD.sub(lambda m: _told(m[0]), text)


@lru_cache(maxsize=4096)
def _told(word: str) -> str:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", word.lower())).translate(_LETTERS)
    whole = _COMPOUND.fullmatch(plain)
    if whole is None:
        return word
    before = whole[1] or ""
    return "_".join([*filter(None, (before,)), *(_english(_STEMS, m) for m in _STEM.finditer(plain, len(before)))])


def _english(words: dict[str, str], found: re.Match[str]) -> str:
    return tuple(words)[(found.lastindex or 1) - 1]


def all_in_english(texts: Sequence[str]) -> list[str]:
    """The texts between the numbers of a line; a name that stands behind its number is put before it."""
    told = in_english(_GAP.join(text.replace(_GAP, " ") for text in texts))
    return _TOTAL.sub(f"/{_GAP}", _NUMBERED.sub(rf" \1 {_GAP}", told)).split(_GAP)


PHASES = {
    **dict.fromkeys(("train", "training", "trainings", "trn", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "eval", "evaluation", "dev", "test", "testing", "tst", "va"), "val"),
    **dict.fromkeys(("holdout", "heldout", "validate", "validating", "evaluating", "held"), "val"),
}
_ASIDE = frozenset(
    "best lowest highest previous prev target threshold patience weight weights lambda coef coefficient margin alpha "
    "beta gamma smoothing eta time elapsed sec secs second seconds ms speed throughput fps mfu flops tflops mem memory "
    "gpu cuda size samples sample images instances workers runtime wall hours minutes remaining seed decay momentum "
    "dropout tokens version interval fraction ratio device dur duration eps rank world pid port "
    "ups wps wpb bsz clip bs consumed util timestamp date hour minute job node "
    "scalars line created relative free vram warning decayed mult multiplier "
    "improved decreased increased reduced from as improve far counter".split()
)
_RIVAL = frozenset(
    "g d gen disc generator discriminator critic actor policy pg vf q qf adv adversarial gan reward rewards rew "
    "return returns entropy fake real dis advantage pi cycle idt wgan".split()
)
"""Words of adversaries and policies, in the name of a loss or a metric."""
_LOSS = frozenset("nll xent crossentropy cost objective bpb bpc mse bce nelbo criterion".split())
_LIKELIHOOD = frozenset("elbo likelihood loglikelihood loglik logp logprob ll llh".split())
_GENERIC = frozenset(
    "loss total avg avr average mean reduced epoch step running lm ema smooth smoothed overall final value meter batch "
    "iter iteration cur current the net output sum at set model this tot "
    "de du des di del do da na op van av".split()
)
_UP = re.compile(
    r"(?:acc|accs|accuracy|top|b?map|m?ap|ar|f\d|fscore|f1score|miou|iou|giou|dice|dsc|s?bleu|rouge|rougel|rougelsum|auc|auroc|"
    r"auprc|roc|precision|prec|recall|psnr|ssim|mcc|kappa|qwk|r2|score|em|exact|match|reward|rewards|rew|return|returns|"
    r"success|hits?|ndcg|mrr|pck|cider|meteor|spice|pearson|spearman|corr|correlation|jaccard|sensitivity|specificity|"
    r"pq|nds|macc|aacc|chrf|comet|sdr|sisdr|stoi|pesq)\d{0,3}"
)
_DOWN = re.compile(
    r"(?:error|err|errors|rmse|mae|mape|smape|wer|cer|ppl|perplexity|fid|eer|epe|mpjpe|lpips|mrse)\d{0,3}"
)
_STEPS = frozenset(
    "step steps iter iters iteration iterations it update updates batch minibatch timesteps round".split()
)
_COUNTED = frozenset(
    "per num max total n number every warmup accumulation time start log save eval size of until".split()
)
_SCALE = frozenset("scale scaler scaling".split())
_ENDS_IN_LOSS = re.compile(r"\w{0,60}loss(?:es)?\d{0,4}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")


CURVES = (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS, Kind.METRIC, Kind.RATE, Kind.GRADIENT_NORM, Kind.LOSS_SCALE)
"""Kinds that are judged."""


def words_of(text: str) -> list[str]:
    """The words of a name, lower case: `valLoss`, `val_loss`, `val/loss` and `Val Loss` have the same."""
    plain = text[:120] if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFD", text[:120]))
    return [w for w in re.split(r"\b[dl]['’]|[^a-z0-9δ]+", _CAMEL.sub("_", plain).lower()) if w]


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


def held_out(key: str) -> bool:
    """Whether a name says that it is of data that nobody trains on."""
    return any(PHASES.get(word) == "val" for word in words_of(key))


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
    if "tempo" in known:
        return Kind.RATE if known & {"train", "training", "learning"} else None
    # `reduced_train_loss` is one, summed over processes; `loss reduced from 2 to 1` is not.
    if known & _ASIDE - ({"reduced"} if words[-1:] == ["loss"] else set()):
        return Kind.IGNORED
    if known & {"gnorm", "gradnorm"} or ("norm" in known and known & {"grad", "gradient", "grads", "total"}):
        return Kind.GRADIENT_NORM
    if (
        any(re.fullmatch(r"lrs?\d*", w) for w in words)
        or ("learning" in known and known & {"rate", "rates"})
        or words in (["rate"], ["rates"])
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
    if last in {"epoch", "ep"} and not counted:
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
