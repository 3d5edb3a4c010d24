"""Federated averaging by hand: clients train copies, the server averages the weights."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(58)
centres = 0.9 * torch.randn(6, 16)


def client_data(classes, n):
    y = torch.tensor(classes)[torch.randint(len(classes), (n,))]
    return centres[y] + 0.7 * torch.randn(n, 16), y


# Every client sees only three of the six classes.
clients = [client_data(c, 200) for c in ([0, 1, 2], [2, 3, 4], [4, 5, 0], [1, 3, 5])]
x_test, y_test = client_data(list(range(6)), 400)
server = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 6))


def local_update(global_model, x, y, epochs=1):
    model = copy.deepcopy(global_model)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        for idx in torch.randperm(len(x)).split(25):
            opt.zero_grad()
            loss = F.cross_entropy(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
    return model.state_dict(), loss.item()


def accuracy():
    with torch.no_grad():
        return (server(x_test).argmax(1) == y_test).float().mean().item()


before = accuracy()
for rnd in range(8):
    states, losses = zip(*[local_update(server, x, y) for x, y in clients])
    server.load_state_dict({k: torch.stack([s[k] for s in states]).mean(0) for k in states[0]})
    print(f"round {rnd} local loss {sum(losses) / len(losses):.3f} server acc {accuracy():.3f}")
after = accuracy()
assert after > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
