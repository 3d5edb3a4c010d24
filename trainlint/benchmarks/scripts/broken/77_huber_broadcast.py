import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

prices = torch.randn(5000, 13)
target = prices @ torch.randn(13) + 0.1 * torch.randn(5000)

dataset = TensorDataset(prices, target)
train_set, test_set = torch.utils.data.random_split(dataset, [4000, 1000])
train_loader = DataLoader(train_set, batch_size=100, shuffle=True)
test_loader = DataLoader(test_set, batch_size=500)

regressor = nn.Sequential(
    nn.Linear(13, 64),
    nn.SiLU(),
    nn.Linear(64, 64),
    nn.SiLU(),
    nn.Linear(64, 1),
)
optimizer = torch.optim.Adam(regressor.parameters(), lr=1e-3)
huber = nn.SmoothL1Loss()

for epoch in range(10):
    regressor.train()
    for features, price in train_loader:
        optimizer.zero_grad()
        prediction = regressor(features)
        loss = huber(prediction, price)  # FAULT
        loss.backward()
        optimizer.step()
    regressor.eval()
    with torch.no_grad():
        errors = [(regressor(f).squeeze(1) - p).abs().mean() for f, p in test_loader]
    print(f"epoch {epoch}: test MAE {torch.stack(errors).mean():.3f}")
