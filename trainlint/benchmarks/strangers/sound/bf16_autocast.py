"""Mixed precision: bfloat16 autocast on the CPU and a disabled GradScaler."""
import argparse

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=120)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--device", default="cpu")
args = parser.parse_args([])
torch.manual_seed(43)


def get_batch(n=64):
    """Two interleaved rings in eight dimensions."""
    y = torch.randint(2, (n,))
    v = torch.randn(n, 8)
    v = v / v.norm(dim=1, keepdim=True) * (1.0 + 1.0 * y.float().unsqueeze(1)) + 0.1 * torch.randn(n, 8)
    return v.to(args.device), y.to(args.device)


model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)).to(args.device)
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
scaler = torch.amp.GradScaler(args.device, enabled=args.device == "cuda")
criterion = nn.CrossEntropyLoss()
xt, yt = get_batch(500)


@torch.no_grad()
def evaluate():
    with torch.autocast(args.device, dtype=torch.bfloat16):
        return criterion(model(xt).float(), yt).item()


before = evaluate()
for step in range(args.steps):
    x, y = get_batch()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(args.device, dtype=torch.bfloat16):
        out = model(x)
        loss = criterion(out, y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    if step % 20 == 0:
        print(f"step {step} loss {loss.item():.4f} test {evaluate():.4f}")
after = evaluate()
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
