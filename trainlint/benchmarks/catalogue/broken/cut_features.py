import torch
from torch import nn

torch.manual_seed(37)


class SentimentModel(nn.Module):
    def __init__(self, vocab_size=50, dim=16):
        super().__init__()
        self.emb = nn.Embedding(vocab_size, dim)
        self.lstm = nn.LSTM(dim, 24, batch_first=True)
        self.fc = nn.Linear(24, 2)

    def forward(self, tokens):
        states, _ = self.lstm(self.emb(tokens))
        last = states[:, -1].detach()
        return self.fc(last)


tokens = torch.randint(0, 50, (400, 12))
label = ((tokens < 10).sum(1) > (tokens > 40).sum(1)).long()
model = SentimentModel()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    total, correct = 0.0, 0
    for sel in torch.randperm(400).split(40):
        logits = model(tokens[sel])
        loss = criterion(logits, label[sel])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        correct += (logits.argmax(1) == label[sel]).sum().item()
    print(f"epoch {epoch + 1} loss {total / 10:.4f} acc {correct / 400:.3f}")
