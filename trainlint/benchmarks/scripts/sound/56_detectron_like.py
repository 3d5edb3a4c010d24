"""detectron-like: the model returns a dict of losses in training and boxes in eval, hooks do the schedule and evaluation."""
import logging

import torch
import torch.nn as nn
import torch.nn.functional as F

logger = logging.getLogger("toy-det")


class CfgNode(dict):
    __getattr__ = dict.__getitem__


def get_cfg():
    return CfgNode(SOLVER=CfgNode(BASE_LR=0.05, MAX_ITER=120, STEPS=(80,), GAMMA=0.1, WARMUP_ITERS=10, IMS_PER_BATCH=16),
                   TEST=CfgNode(EVAL_PERIOD=40))


class OneObjectDetector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.cls_score = nn.Linear(16 * 9, 2)
        self.bbox_pred = nn.Linear(16 * 9, 2)

    def losses(self, feats, inputs):
        gt = torch.stack([i["center"] for i in inputs])
        cls = torch.tensor([i["cls"] for i in inputs])
        return {
            "loss_cls": F.cross_entropy(self.cls_score(feats), cls),
            "loss_box_reg": 2.0 * F.smooth_l1_loss(self.bbox_pred(feats), gt, beta=0.1),
        }

    def forward(self, batched_inputs):
        images = torch.stack([i["image"] for i in batched_inputs])
        feats = self.backbone(images)
        if not self.training:
            scores = F.softmax(self.cls_score(feats), dim=-1)
            return [{"scores": s, "center": c} for s, c in zip(scores, self.bbox_pred(feats))]
        return self.losses(feats, batched_inputs)


def sample():
    cls, (r, c) = int(torch.randint(2, ())), torch.randint(0, 8, (2,)).tolist()
    img = 0.1 * torch.randn(1, 12, 12)
    img[0, r:r + 4, c:c + 4] += 1.0
    if cls:
        img[0, r + 1:r + 3, c + 1:c + 3] -= 2.0
    return {"image": img, "cls": cls, "center": torch.tensor([r / 8, c / 8])}


def build_train_loader(cfg):
    while True:
        yield [sample() for _ in range(cfg.SOLVER.IMS_PER_BATCH)]


class HookBase:
    def before_step(self): ...
    def after_step(self): ...


class WarmupMultiStepHook(HookBase):
    def after_step(self):
        s, it = self.trainer.cfg.SOLVER, self.trainer.iter + 1
        factor = (it + 1) / s.WARMUP_ITERS if it + 1 < s.WARMUP_ITERS else s.GAMMA ** sum(it >= m for m in s.STEPS)
        for g in self.trainer.optimizer.param_groups:
            g["lr"] = g["initial_lr"] * factor


class EvalHook(HookBase):
    def after_step(self):
        if (self.trainer.iter + 1) % self.trainer.cfg.TEST.EVAL_PERIOD == 0:
            print("iter", self.trainer.iter + 1, self.trainer.test(), {k: round(v, 3) for k, v in self.trainer.storage.items()})


class DefaultTrainer:
    def __init__(self, cfg):
        self.cfg, self.iter, self.storage = cfg, 0, {}
        self.model = OneObjectDetector()
        params = [{"params": [v], "lr": cfg.SOLVER.BASE_LR * (2 if k.endswith("bias") else 1)}
                  for k, v in self.model.named_parameters()]
        for g in params:
            g["initial_lr"] = g["lr"]
            g["lr"] = g["initial_lr"] / cfg.SOLVER.WARMUP_ITERS
        self.optimizer = torch.optim.SGD(params, lr=cfg.SOLVER.BASE_LR, momentum=0.9)
        self._data_iter = iter(build_train_loader(cfg))
        self._hooks = [WarmupMultiStepHook(), EvalHook()]
        for h in self._hooks:
            h.trainer = self

    def run_step(self):
        assert self.model.training, "model was changed to eval mode!"
        loss_dict = self.model(next(self._data_iter))
        losses = sum(loss_dict.values())
        self.optimizer.zero_grad()
        losses.backward()
        self.storage.update({k: v.item() for k, v in loss_dict.items()})
        self.optimizer.step()

    def test(self):
        training = self.model.training
        self.model.eval()
        batch = [sample() for _ in range(60)]
        with torch.no_grad():
            out = self.model(batch)
        self.model.train(training)
        acc = sum(o["scores"].argmax().item() == b["cls"] for o, b in zip(out, batch)) / 60
        dist = sum((o["center"] - b["center"]).abs().mean().item() for o, b in zip(out, batch)) / 60
        return f"acc {acc:.2f} center error {dist:.3f}"

    def train(self):
        self.model.train()
        for self.iter in range(self.cfg.SOLVER.MAX_ITER):
            for h in self._hooks:
                h.before_step()
            self.run_step()
            for h in self._hooks:
                h.after_step()


if __name__ == "__main__":
    torch.manual_seed(0)
    DefaultTrainer(get_cfg()).train()
