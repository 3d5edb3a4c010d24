import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader


class Lit(L.LightningModule):
    def __init__(self, lr=2e-4):
        super().__init__()
        self.automatic_optimization = False
        self.lr = lr
        self.actor = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
        self.critic = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))

    def training_step(self, batch, batch_idx):
        opt_a, opt_c = self.optimizers()
        state, target = batch[:, :8], batch[:, 8:9]
        action = self.actor(state)
        value = self.critic(torch.cat([state, action.detach()], 1))
        critic_loss = nn.functional.mse_loss(value, target)
        opt_c.zero_grad()
        self.manual_backward(critic_loss)
        opt_c.step()
        actor_loss = -self.critic(torch.cat([state, action], 1)).mean()
        opt_a.zero_grad()
        self.manual_backward(actor_loss)
        opt_a.step()
        self.log_dict({"actor": actor_loss, "critic": critic_loss})

    def configure_optimizers(self):
        return torch.optim.Adam(self.actor.parameters(), self.lr), torch.optim.Adam(self.critic.parameters(), self.lr)


L.Trainer(max_epochs=2).fit(Lit(), DataLoader(torch.randn(1000, 9), 50, shuffle=True))
