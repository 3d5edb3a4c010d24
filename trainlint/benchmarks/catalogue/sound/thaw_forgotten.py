import torch
from torch import nn

torch.manual_seed(23)
FREEZE_EPOCHS = 2


class AudioNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(1, 8, 9, stride=4), nn.ReLU(), nn.Conv1d(8, 16, 5, stride=2), nn.ReLU())
        self.classifier = nn.Linear(16, 2)

    def forward(self, wav):
        return self.classifier(self.body(wav).mean(-1))


t = torch.linspace(0, 1, 200)
pitch = torch.randint(0, 2, (320,))
wav = torch.sin(2 * torch.pi * (5 + 7 * pitch)[:, None] * t + torch.rand(320, 1) * 6)[:, None]
net = AudioNet()
for p in net.body.parameters():
    p.requires_grad = False
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(8):
    if epoch == FREEZE_EPOCHS:
        for p in net.body.parameters():
            p.requires_grad = True
    tot = 0.0
    for idx in torch.randperm(320).split(32):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(wav[idx]), pitch[idx])
        loss.backward()
        optimizer.step()
        tot += loss.item()
    print(f"epoch {epoch}: loss {tot / 10:.4f}")
