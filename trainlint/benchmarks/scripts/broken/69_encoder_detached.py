import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Sentences(Dataset):
    def __init__(self, n=600, length=24, vocab=200):
        self.ids = torch.randint(1, vocab, (n, length))
        self.labels = (self.ids[:, 0] > vocab // 2).long()

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return {"input_ids": self.ids[i], "label": self.labels[i]}


class Encoder(nn.Module):
    def __init__(self, vocab=200, dim=64):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        layer = nn.TransformerEncoderLayer(dim, 4, 128, batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2)

    def forward(self, ids):
        return self.blocks(self.embed(ids))


class Classifier(nn.Module):
    def __init__(self, encoder, dim=64):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(dim, 2)

    def forward(self, input_ids):
        features = self.encoder(input_ids).mean(dim=1)
        features = features.detach()  # FAULT
        return self.head(features)


def run():
    model = Classifier(Encoder())
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    loader = DataLoader(Sentences(), batch_size=32, shuffle=True)
    for epoch in range(4):
        for batch in loader:
            logits = model(batch["input_ids"])
            loss = nn.functional.cross_entropy(logits, batch["label"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print("epoch", epoch, "loss", loss.item())


run()
