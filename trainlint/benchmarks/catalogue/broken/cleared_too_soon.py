import torch

torch.manual_seed(1)
t = torch.linspace(0, 20, 400)
wave = torch.sin(t) + 0.5 * torch.sin(2.7 * t)
windows = wave.unfold(0, 21, 1)
past, future = windows[:, :20], windows[:, 20:]


class Forecaster(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(1, 16, batch_first=True)
        self.out = torch.nn.Linear(16, 1)

    def forward(self, x):
        _, h = self.rnn(x.unsqueeze(-1))
        return self.out(h[-1])


model = Forecaster()
criterion = torch.nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    total = 0.0
    for idx in torch.randperm(len(past)).split(38):
        prediction = model(past[idx])
        loss = criterion(prediction, future[idx])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(idx)
    print(f"epoch {epoch}: mse {total / len(past):.4f}")
