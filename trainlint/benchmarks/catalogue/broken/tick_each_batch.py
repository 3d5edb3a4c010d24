import torch
from torch import nn

torch.manual_seed(21)
accum = 4
signal = torch.randn(480, 1, 64)
kernel = torch.tensor([[[0.2, 0.6, 0.2]]])
target = nn.functional.conv1d(signal, kernel, padding=1)

denoiser = nn.Sequential(nn.Conv1d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 1, 5, padding=2))
optimizer = torch.optim.Adam(denoiser.parameters(), lr=5e-3)
epochs, bs = 6, 10
n_updates = epochs * (480 // bs) // accum
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=n_updates)

for ep in range(epochs):
    perm = torch.randperm(480)
    ep_loss = 0.0
    for k in range(480 // bs):
        sel = perm[k * bs : (k + 1) * bs]
        loss = nn.functional.mse_loss(denoiser(signal[sel]), target[sel])
        ep_loss += loss.item()
        (loss / accum).backward()
        if (k + 1) % accum == 0:
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
    print(f"epoch {ep}: {ep_loss / (480 // bs):.5f} lr {optimizer.param_groups[0]['lr']:.5f}")
