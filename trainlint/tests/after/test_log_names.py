"""A name says what it is by its words, in any spelling, and what nobody knows stays other."""

# ruff: noqa: E501  (lines are as long as programs print them)

import pytest

from trainlint.after.reading.names import name_of
from trainlint.after.series import Kind

NAMES = {
    Kind.TRAIN_LOSS: "loss|train_loss|Train Loss|trainLoss|train/loss|total_loss|lm loss|box_loss|loss_cls|nll_loss|train-logloss|"
    "training loss|loss_epoch|xent|train|loss_giou|BCE|Cross Entropy|recon_loss|avg_loss|loss1|trainloss|negative log likelihood",
    Kind.VALIDATION_LOSS: "val_loss|Val Loss|valid_loss|eval_loss|valLoss|validation loss|val/box_loss|test_loss|dev loss|"
    "eval-logloss|val|Validation|va_loss|lm loss validation|vloss|testloss2",
    Kind.METRIC: "acc|val_acc|accuracy|Acc@1|mAP50|metrics/mAP50(B)|f1|F1-score|rougeL|bleu|val_auc|mIoU|ppl|eval_wer|top5|rmse|"
    "test error|ep_rew_mean|psnr|precision|valacc|ELBO|log likelihood|testerr",
    Kind.RATE: "lr|learning_rate|Learning Rate|learning rates|lr-Adam|lr/pg0|lr0|train_lr|rate|optim0_lr0",
    Kind.GRADIENT_NORM: "grad_norm|gnorm|gradient norm|train_gnorm|total_norm|grad norm",
    Kind.LOSS_SCALE: "loss_scale|loss scale|amp_scale|grad_scale",
    Kind.SKIPS: "skipped|number of skipped iterations|num_skipped",
    Kind.MOTION: "Δparam|delta_param|param_change|Δw",
    Kind.EPOCH: "epoch|Epoch|Train Epoch|ep|Epoch(train)|current epoch",
    Kind.STEP: "step|iter|Iteration|global_step|num_updates|_step|batch|total_timesteps|steps",
    Kind.PLANNED: "epochs|num_epochs|max_epochs",
    Kind.IGNORED: "best val loss|eta|time|data_time|eval_runtime|samples_per_second|weight_decay|GPU_mem|batch_size|loss_weight|wall",
    Kind.OTHER: "foo|temperature|D(x)|queue|number of nan iterations|warm",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names.split("|")])
def test_a_name_is_classified_by_its_words(kind: Kind, name: str):
    assert name_of(name).kind is kind


@pytest.mark.parametrize(
    ("name", "phase", "key"),
    [
        ("loss", "val", "val_loss"),
        ("acc", "val", "val_acc"),
        ("val_loss", "train", "val_loss"),
        ("loss", "train", "loss"),
    ],
)
def test_what_stands_around_a_name_says_whose_it_is(name: str, phase: str, key: str):
    assert name_of(name, phase).key == key


@pytest.mark.parametrize(
    "name",
    [
        "loss_D",
        "Loss_G",
        "value_loss",
        "policy_loss",
        "entropy_loss",
        "ep_rew_mean",
        "critic/loss",
        "rewards/mean_reward",
    ],
)
def test_adversaries_and_policies_are_known(name: str):
    assert name_of(name).rival


@pytest.mark.parametrize(
    "name", ["cross entropy loss", "loss", "loss value", "val_loss", "v_num", "total loss", "3d_loss"]
)
def test_other_losses_are_no_rivals(name: str):
    assert not name_of(name).rival


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("total_loss", False),
        ("train loss", False),
        ("avg loss", False),
        ("loss_epoch", False),
        ("cls_loss", True),
        ("loss/kl", True),
        ("nll_loss", True),
    ],
)
def test_a_part_of_the_loss_is_told_from_the_whole(name: str, term: bool):
    assert name_of(name).term is term
