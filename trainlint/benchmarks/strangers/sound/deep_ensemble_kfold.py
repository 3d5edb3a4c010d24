"""K-fold cross-validation: a fresh model and optimiser for each fold, then an ensemble."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(74)
np.random.seed(74)
X = torch.rand(400, 3) * 2 - 1
Y = (X[:, 0] ** 2 + torch.sin(3 * X[:, 1]) * X[:, 2]).unsqueeze(1) + 0.05 * torch.randn(400, 1)
X_test, Y_test = X[320:], Y[320:]
X, Y = X[:320], Y[:320]
folds = np.array_split(np.random.permutation(320), 4)
loss_fn = nn.MSELoss()


def new_model():
    return nn.Sequential(nn.Linear(3, 48), nn.ELU(), nn.Linear(48, 48), nn.ELU(), nn.Linear(48, 1))


def fit(train_idx, val_idx):
    model = new_model()
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(15):
        for idx in np.array_split(np.random.permutation(train_idx), 5):
            opt.zero_grad()
            loss = loss_fn(model(X[idx]), Y[idx])
            loss.backward()
            opt.step()
    with torch.no_grad():
        return model, loss_fn(model(X[val_idx]), Y[val_idx]).item()


with torch.no_grad():
    before = loss_fn(new_model()(X_test), Y_test).item()
models = []
for k, val_idx in enumerate(folds):
    train_idx = np.concatenate([f for j, f in enumerate(folds) if j != k])
    model, score = fit(train_idx, val_idx)
    models.append(model)
    print(f"fold {k} val mse {score:.4f}")
with torch.no_grad():
    after = loss_fn(torch.stack([m(X_test) for m in models]).mean(0), Y_test).item()
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
