import torch
from torch import nn

torch.manual_seed(197)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        return self.head(self.encoder(x))


pretrained = Net()
torch.save({"state_dict": {"module." + k: v for k, v in pretrained.state_dict().items()}}, "pretrained.pt")

model = Net()
state = torch.load("pretrained.pt")["state_dict"]
state = {k.removeprefix("module."): v for k, v in state.items()}
model.load_state_dict(state)
x = torch.randn(400, 12)
y = (x[:, 0] > x[:, 1]).long()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(6):
    total = 0.0
    for idx in torch.randperm(400).split(40):
        loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"finetune epoch {epoch}: {total / 10:.4f}")
