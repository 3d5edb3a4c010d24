"""Hugging Face Accelerate loop with accumulate() and a prepared scheduler."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from accelerate import Accelerator
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(61)
accelerator = Accelerator(gradient_accumulation_steps=2, cpu=True)

t = torch.rand(800, 24)
target = (t[:, :12].mean(1) > t[:, 12:].mean(1)).long()
train_loader = DataLoader(TensorDataset(t[:600], target[:600]), batch_size=20, shuffle=True)
eval_loader = DataLoader(TensorDataset(t[600:], target[600:]), batch_size=50)
model = nn.Sequential(nn.BatchNorm1d(24), nn.Linear(24, 32), nn.GELU(), nn.Linear(32, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8 * 15)
model, optimizer, train_loader, eval_loader, scheduler = accelerator.prepare(
    model, optimizer, train_loader, eval_loader, scheduler)


def evaluate():
    model.eval()
    correct = total = 0
    for x, y in eval_loader:
        with torch.no_grad():
            pred = model(x).argmax(-1)
        pred, y = accelerator.gather_for_metrics((pred, y))
        correct += (pred == y).sum().item()
        total += len(y)
    return correct / total


before = evaluate()
for epoch in range(8):
    model.train()
    for x, y in train_loader:
        with accelerator.accumulate(model):
            loss = F.cross_entropy(model(x), y)
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    accelerator.print(f"epoch {epoch} loss {loss.item():.4f} acc {evaluate():.3f}")
after = evaluate()
assert after > 0.85 and after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
