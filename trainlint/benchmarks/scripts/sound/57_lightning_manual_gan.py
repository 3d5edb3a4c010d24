"""Lightning with manual optimisation: two optimisers toggled by hand, manual_backward, schedules stepped in a hook."""
import warnings

import lightning as L
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")


class GAN(L.LightningModule):
    def __init__(self, latent_dim=3, lr=2e-3, b1=0.5, b2=0.999):
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.generator = nn.Sequential(nn.Linear(latent_dim, 32), nn.ReLU(), nn.Linear(32, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, z):
        return self.generator(z)

    def adversarial_loss(self, y_hat, y):
        return F.binary_cross_entropy_with_logits(y_hat, y)

    def training_step(self, batch):
        (real,) = batch
        optimizer_g, optimizer_d = self.optimizers()
        z = torch.randn(real.shape[0], self.hparams.latent_dim).type_as(real)
        valid, zero = real.new_ones(len(real), 1), real.new_zeros(len(real), 1)

        self.toggle_optimizer(optimizer_g)
        g_loss = self.adversarial_loss(self.discriminator(self(z)), valid)
        self.manual_backward(g_loss)
        optimizer_g.step()
        optimizer_g.zero_grad()
        self.untoggle_optimizer(optimizer_g)

        self.toggle_optimizer(optimizer_d)
        real_loss = self.adversarial_loss(self.discriminator(real), valid)
        fake_loss = self.adversarial_loss(self.discriminator(self(z).detach()), zero)
        d_loss = (real_loss + fake_loss) / 2
        self.manual_backward(d_loss)
        optimizer_d.step()
        optimizer_d.zero_grad()
        self.untoggle_optimizer(optimizer_d)

    def on_train_epoch_end(self):
        for sch in self.lr_schedulers():
            sch.step()
        if self.current_epoch % 5 == 4:
            with torch.no_grad():
                m = self(torch.randn(500, self.hparams.latent_dim)).mean(0)
            print(f"epoch {self.current_epoch} mean of the samples {[round(v, 2) for v in m.tolist()]} (target 1, -2)")

    def configure_optimizers(self):
        lr, betas = self.hparams.lr, (self.hparams.b1, self.hparams.b2)
        opts = [torch.optim.Adam(m.parameters(), lr=lr, betas=betas) for m in (self.generator, self.discriminator)]
        return opts, [torch.optim.lr_scheduler.ExponentialLR(o, 0.97) for o in opts]


def main():
    L.seed_everything(0)
    real = torch.randn(640, 2) * 0.3 + torch.tensor([1.0, -2.0])
    trainer = L.Trainer(
        max_epochs=20, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(GAN(), DataLoader(TensorDataset(real), batch_size=64, shuffle=True))


if __name__ == "__main__":
    main()
