import torch
from torch import nn

torch.manual_seed(127)
x = torch.randn(320, 20) * 3
y = (x[:, :4] * 1.0).argmax(1)
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)


def nll(logits, target):
    log_probs = torch.log_softmax(logits.float(), dim=-1)
    return -log_probs.gather(1, target[:, None]).mean()


for epoch in range(6):
    total = 0.0
    for idx in torch.randperm(320).split(32):
        loss = nll(model(x[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += float(loss)
    print(f"epoch {epoch}: nll {total / 10:.4f}")
