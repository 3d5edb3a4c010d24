import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

model = nn.TransformerEncoderLayer(32, 4, batch_first=True)
head = nn.Linear(32, 5)
params = list(model.parameters()) + list(head.parameters())
optimizer = torch.optim.AdamW(params, lr=3e-4)
warm = LinearLR(optimizer, 0.01, total_iters=100)
cosine = CosineAnnealingLR(optimizer, T_max=900)
schedule = SequentialLR(optimizer, [warm, cosine], milestones=[100])  # FAULT
for step in range(1000):
    x = torch.randn(16, 10, 32)
    y = torch.randint(0, 5, (16,))
    loss = nn.functional.cross_entropy(head(model(x).mean(1)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, loss.item(), schedule.get_last_lr())
