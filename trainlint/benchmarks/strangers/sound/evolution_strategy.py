"""Evolution strategy without any backward pass: the estimated gradient is written into .grad."""
import torch
import torch.nn as nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

torch.manual_seed(77)
policy = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
theta = parameters_to_vector(policy.parameters()).detach().clone().requires_grad_(True)
optimizer = torch.optim.Adam([theta], lr=0.05)
SIGMA, PAIRS = 0.1, 8


@torch.no_grad()
def pendulum_return(vector, n=12):
    vector_to_parameters(vector, policy.parameters())
    angle, speed = torch.linspace(-1, 1, n), torch.zeros(n)
    total = 0.0
    for _ in range(25):
        force = policy(torch.stack([angle.sin(), angle.cos(), speed], 1)).squeeze(1).clamp(-2, 2)
        speed = 0.98 * speed + 0.1 * (3 * angle.sin() + 3 * force)
        angle = (angle + 0.1 * speed).clamp(-3, 3)
        total -= (angle ** 2 + 0.05 * force ** 2).mean().item()
    return total


before = pendulum_return(theta.detach())
for generation in range(25):
    noise = torch.randn(PAIRS, theta.numel())
    plus = torch.tensor([pendulum_return(theta.detach() + SIGMA * e) for e in noise])
    minus = torch.tensor([pendulum_return(theta.detach() - SIGMA * e) for e in noise])
    ranks = torch.cat([plus, minus]).argsort().argsort().float() / (2 * PAIRS - 1) - 0.5
    weight = ranks[:PAIRS] - ranks[PAIRS:]
    theta.grad = -(weight @ noise) / (PAIRS * SIGMA)
    optimizer.step()
    if generation % 10 == 0:
        print(f"generation {generation} return {pendulum_return(theta.detach()):.2f}")
after = pendulum_return(theta.detach())
assert after > 0.5 * before
print(f"OK {before:.3f} -> {after:.3f}")
