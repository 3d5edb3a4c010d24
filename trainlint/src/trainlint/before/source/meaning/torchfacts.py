"""What does reading need to know of torch: names of losses, layers, optimisers, and what they do?"""

from .values import Tensor, Thing, Value, whole

GRAPHLESS = ("no_grad", "inference_mode")
ALIASES = {
    "bce": "binarycrossentropy",
    "bcewithlogits": "binarycrossentropywithlogits",
    "kldivergence": "kldiv",
    "specialsoftmax": "softmax",
    "speciallogsoftmax": "logsoftmax",
    "specialexpit": "sigmoid",
    "absolute": "abs",
}
LOSSES = {
    "crossentropy", "nll", "binarycrossentropy", "binarycrossentropywithlogits", "mse", "l1", "smoothl1", "huber",
    "kldiv", "gaussiannll", "poissonnll", "ctc", "multimargin", "multilabelmargin", "multilabelsoftmargin",
    "softmargin",
}  # fmt: skip
"""Losses with a floor: smaller is better, and there is a smallest value."""
_LAYERLESS = {"Buffer", "UninitializedParameter", "Parameter", "Module", "ParameterList", "ParameterDict"}
NOT_TRAINED = {
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "ReLU", "GELU", "SiLU", "Sigmoid", "Tanh",
    "Softmax", "LogSoftmax", "Flatten", "Identity", "MaxPool1d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d",
    "LeakyReLU", "ELU", "Softplus", "Upsample", "Unflatten", "ReLU6", "Hardtanh", "PixelShuffle", "ZeroPad2d",
    "AdaptiveAvgPool1d", "AvgPool1d", "AdaptiveMaxPool2d", "Mish", "SELU", "CELU", "GLU", "LogSigmoid",
    "MaxPool3d", "AvgPool3d", "Hardswish", "Hardsigmoid", "Softmax2d", "Softmin", "Fold", "Unfold",
}  # fmt: skip
MODAL = ("Dropout", "AlphaDropout", "BatchNorm", "SyncBatchNorm", "InstanceNorm")
"""Layers that behave otherwise in training."""
CUTS = {
    "detach": ".detach()",
    "item": ".item()",
    "numpy": ".numpy()",
    "tolist": ".tolist()",
    "argmax": "argmax",
    "argmin": "argmin",
    "round": "round",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "topk_indices": "topk",
}
OUTSIDE_MODELS = ("torchvision.models.", "timm.", "transformers.Auto", "torch.hub.", "segmentation_models_pytorch.")


def op_of(name: str) -> str:
    """One name for an operation, whether it is a layer, a function or a method: `crossentropy`, `softmax`."""
    last = name.rsplit(".", 1)[-1].lower().replace("_", "")
    last = last.removesuffix("loss") or last
    return ALIASES.get(last, last)


def module_root(name: str) -> bool:
    """True where a base makes a class a module."""
    if name.startswith("torch.nn.") and name.count(".") == 2:
        return name.rsplit(".", 1)[-1][0].isupper()
    return name.rsplit(".", 1)[-1] in {"LightningModule", "PreTrainedModel"} or name.startswith("torchvision.models.")


def is_module(value: Value | None) -> bool:
    """True where a value is certainly a module."""
    if not isinstance(value, Thing):
        return False
    if value.cls is not None:
        return any(module_root(r) for r in value.cls.roots)
    name = value.origin
    if "outside" in value.marks:
        return True
    return name.startswith("torch.nn.") and name.count(".") == 2 and name.rsplit(".", 1)[-1] not in _LAYERLESS


def is_lightning(thing: Thing) -> bool:
    """True for a module whose loop is a library's."""
    return thing.cls is not None and any(
        r.endswith(("LightningModule", "LightningDataModule")) for r in thing.cls.roots
    )


def _is_loss(thing: Thing) -> bool:
    return thing.origin.startswith("torch.nn.") and thing.origin.endswith("Loss")


def has_weights(thing: Thing) -> bool:
    """True for a layer of torch with weights of its own."""
    if thing.cls is not None or not is_module(thing) or _is_loss(thing) or "outside" in thing.marks:
        return False
    last = thing.origin.rsplit(".", 1)[-1]
    return last not in NOT_TRAINED | {"Sequential", "ModuleList", "ModuleDict", "DataParallel"}


def learns(thing: Thing) -> bool:
    """True for a parameter, and for what has parameters of its own."""
    return has_weights(thing) or "outside" in thing.marks or thing.origin.endswith("Parameter")


def is_optimizer(value: Value | None) -> bool:
    """True where a value is certainly an optimiser."""
    if not isinstance(value, Thing):
        return False
    if "stranger" in value.marks:
        return "optimizer" in value.marks
    if value.cls is not None:
        return any(r.endswith(".Optimizer") for r in value.cls.roots)
    return value.origin.startswith("torch.optim.") and value.origin.count(".") == 2


def is_scheduler(value: Value | None) -> bool:
    """True where a value is certainly a schedule of the learning rate."""
    if not isinstance(value, Thing):
        return False
    if "stranger" in value.marks:
        return "scheduler" in value.marks
    name = value.origin
    if value.cls is None and name.startswith("torch.optim.lr_scheduler."):
        return name.rsplit(".", 1)[-1][0].isupper()
    last = name.rsplit(".", 1)[-1]
    return value.cls is None and last.startswith("get_") and last.endswith(("_warmup", "_schedule", "scheduler"))


def result_of_layer(thing: Thing, args: tuple[Value, ...]) -> tuple[int | None, ...] | None:
    """The shape after a layer of torch."""
    last = thing.origin.rsplit(".", 1)[-1]
    first = args[0].shape if args and isinstance(args[0], Tensor) else None
    if last in {"Linear", "LazyLinear"}:
        width = whole(thing.given("out_features", 0 if last == "LazyLinear" else 1))
        return (*first[:-1], width) if first else None
    if last == "Flatten":
        return (first[0], None) if first and not thing.args and not thing.kwargs else None
    if last == "Embedding":
        return (*first, whole(thing.given("embedding_dim", 1))) if first is not None else None
    if last in NOT_TRAINED and "Pool" not in last and last not in {"Upsample", "Unflatten", "PixelShuffle", "GLU"}:
        return first
    return first if last.startswith(("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm")) else None


def modal(thing: Thing) -> bool:
    """True for a layer that behaves otherwise in training."""
    return thing.origin.startswith("torch.nn.") and thing.origin.rsplit(".", 1)[-1].startswith(MODAL)
