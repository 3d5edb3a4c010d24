"""SAC-like: several optimisers in a dict, the critic frozen while the actor learns and thawed after, log_alpha learned."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def mlp(sizes, act=nn.ReLU):
    layers = []
    for j in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[j], sizes[j + 1])]
        if j < len(sizes) - 2:
            layers += [act()]
    return nn.Sequential(*layers)


class Agent:
    def __init__(self, obs=3, act=1, lr=3e-3, polyak=0.98):
        self.actor = mlp([obs, 32, 2 * act])
        self.critic = mlp([obs + act, 32, 1])
        self.critic_targ = mlp([obs + act, 32, 1])
        self.critic_targ.load_state_dict(self.critic.state_dict())
        self.log_alpha = torch.zeros(1, requires_grad=True)
        self.opts = {
            "actor": torch.optim.Adam(self.actor.parameters(), lr=lr),
            "critic": torch.optim.Adam(self.critic.parameters(), lr=lr),
            "alpha": torch.optim.Adam([self.log_alpha], lr=lr),
        }
        self.polyak, self.target_entropy, self.gamma = polyak, -float(act), 0.9

    def pi(self, s):
        mu, log_std = self.actor(s).chunk(2, -1)
        dist = torch.distributions.Normal(mu, log_std.clamp(-4, 1).exp())
        u = dist.rsample()
        a = torch.tanh(u)
        logp = (dist.log_prob(u) - torch.log(1 - a.pow(2) + 1e-6)).sum(-1, keepdim=True)
        return a, logp

    def _apply(self, name, loss):
        self.opts[name].zero_grad()
        loss.backward()
        self.opts[name].step()

    def update(self, s, a, r, s2):
        alpha = self.log_alpha.exp().detach()
        with torch.no_grad():
            a2, logp2 = self.pi(s2)
            target = r + self.gamma * (self.critic_targ(torch.cat([s2, a2], -1)) - alpha * logp2)
        critic_loss = F.mse_loss(self.critic(torch.cat([s, a], -1)), target)
        self._apply("critic", critic_loss)

        for p in self.critic.parameters():
            p.requires_grad_(False)
        a_new, logp = self.pi(s)
        actor_loss = (alpha * logp - self.critic(torch.cat([s, a_new], -1))).mean()
        self._apply("actor", actor_loss)
        for p in self.critic.parameters():
            p.requires_grad_(True)

        alpha_loss = -(self.log_alpha * (logp + self.target_entropy).detach()).mean()
        self._apply("alpha", alpha_loss)
        with torch.no_grad():
            for p, pt in zip(self.critic.parameters(), self.critic_targ.parameters()):
                pt.data.mul_(self.polyak).add_(p.data, alpha=1 - self.polyak)
        return critic_loss.item()


def env_step(s, a):
    reward = -(a - torch.tanh(s[:, :1])).pow(2)
    return reward, torch.randn_like(s)


if __name__ == "__main__":
    torch.manual_seed(0)
    agent = Agent()
    s = torch.randn(64, 3)
    for it in range(301):
        with torch.no_grad():
            a, _ = agent.pi(s)
        r, s2 = env_step(s, a)
        closs = agent.update(s, a, r, s2)
        s = s2
        if it % 60 == 0:
            print(f"it {it} critic {closs:.3f} reward {r.mean().item():.3f} alpha {agent.log_alpha.exp().item():.3f}")
