"""Trainings as a stranger writes them: a plain loop, accelerate, Lightning and the Hugging Face Trainer."""

PLAIN = """
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(256, 4)
y = x.sum(1, keepdim=True)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
adam = torch.optim.Adam(net.parameters(), 1e-2)
warm = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: min(1.0, (step + FIRST) / 8))
for epoch in range(4):
    for a, b in loader:
        loss = nn.functional.mse_loss(net(a), b)
        adam.zero_grad()
        loss.backward()
        adam.step()
        TICK
    net.eval()
    with torch.no_grad():
        value = nn.functional.mse_loss(net(x), y)
    net.train()
    print("epoch", epoch, float(value))
print(sys.argv[1:], __file__, __name__, file=sys.stdout)
sys.exit(7)
"""

ACCELERATE = """
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
x = torch.randn(256, 4)
y = (x.sum(1) > 0).long()
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), 1e-2)
HEAD
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for epoch in range(5):
    for a, b in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(a), b)
        accelerator.backward(loss)
        optimizer.step()
"""

LIGHTNING = """
import logging, warnings
warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(4, 16), nn.Linear(16, 1)

    def training_step(self, batch, index):
        x, y = batch
        return nn.functional.mse_loss(self.head(torch.tanh(self.encoder(x))HIDDEN), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-2)

L.seed_everything(0)
x = torch.randn(256, 4)
loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=32, shuffle=True)
L.Trainer(max_epochs=4, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
          enable_model_summary=False).fit(Model(), loader)
"""

HUGGING_FACE = """
import tempfile
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

torch.manual_seed(0)
config = BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                    max_position_embeddings=16)
model = BertForSequenceClassification(config)
words = torch.randint(1, 32, (128, 8))
data = [{"input_ids": w, "labels": int(w[0] > 16)} for w in words]
with tempfile.TemporaryDirectory() as folder:
    options = TrainingArguments(folder, num_train_epochs=3, per_device_train_batch_size=16, learning_rate=RATE,
                                report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True)
    Trainer(model=model, args=options, train_dataset=data).train()
"""


def filled(text: str, **words: str) -> str:
    """The script with its blanks, which are words in capitals, filled in."""
    for blank, word in words.items():
        assert text.count(blank) == 1
        text = text.replace(blank, word)
    return text
