import torch
import torch.nn as nn

torch.manual_seed(241)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 3))

    def forward(self, s):
        return self.f(s)


states = torch.randn(640, 5)
actions = torch.randint(0, 3, (640,))
returns = states[:, 0] * (actions - 1).float() + 0.1 * torch.randn(640)
q = Critic()
optimizer = torch.optim.RMSprop(q.parameters(), lr=1e-3)
for it in range(120):
    b = torch.randint(0, 640, (64,))
    q_sa = q(states[b]).gather(1, actions[b].unsqueeze(1))
    td = returns[b] - q_sa
    loss = td.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 20 == 0:
        print(f"it {it}: td loss {loss.item():.4f}")
