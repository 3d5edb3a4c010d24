import argparse
import math
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR


def get_args():
    ap = argparse.ArgumentParser()
    ap.add_argument("--max-steps", type=int, default=2000)
    ap.add_argument("--warmup", type=int, default=100)
    ap.add_argument("--lr", type=float, default=6e-4)
    return ap.parse_args()


def main():
    args = get_args()

    def factor(step):
        if step < args.warmup:
            return (step + 1) / args.warmup
        t = (step - args.warmup) / max(1, args.max_steps - args.warmup)
        return 0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, t)))

    model = nn.Sequential(nn.Embedding(100, 64), nn.Flatten(), nn.Linear(64 * 8, 100))
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=args.lr)
    sched = LambdaLR(opt, factor)
    for step in range(args.max_steps):
        seq = torch.randint(0, 100, (32, 9))
        loss = nn.functional.cross_entropy(model(seq[:, :8]), seq[:, 8])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if step % 200 == 0:
            print(step, loss.item(), sched.get_last_lr()[0])


if __name__ == "__main__":
    main()
