"""The Sequential ends in Softmax and is trained with CrossEntropyLoss, which applies it again (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
N, D_in, H, D_out = 600, 20, 50, 6

X = torch.randn(N, D_in)
Y = (X[:, :D_out] + 0.1 * torch.randn(N, D_out)).argmax(dim=1)
loader = DataLoader(TensorDataset(X, Y), batch_size=60, shuffle=True)

model = nn.Sequential(
    nn.Linear(D_in, H),
    nn.ReLU(),
    nn.Linear(H, D_out),
    nn.Softmax(dim=1),  # FAULT
)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for t in range(8):
    epoch_loss, hits = 0.0, 0
    for xb, yb in loader:
        y_pred = model(xb)
        loss = loss_fn(y_pred, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * xb.size(0)
        hits += (y_pred.argmax(1) == yb).sum().item()
    print(t, f"loss={epoch_loss / N:.4f} acc={hits / N:.3f}")
