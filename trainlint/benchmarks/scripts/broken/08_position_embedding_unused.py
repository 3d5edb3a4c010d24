"""The position embedding is made and never added to the tokens (marked FAULT)."""
import torch
import torch.nn as nn


class TextClassifier(nn.Module):
    def __init__(self, vocab_size, num_classes, max_len=20, dim=32, depth=1):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, dim)
        self.position_embedding = nn.Embedding(max_len, dim)  # FAULT
        layer = nn.TransformerEncoderLayer(dim, nhead=4, dim_feedforward=64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, num_classes)

    def forward(self, tokens):
        x = self.token_embedding(tokens)
        x = self.encoder(x)
        x = self.norm(x.mean(dim=1))
        return self.head(x)


class Data(torch.utils.data.Dataset):
    """label: is token 1 in the first half?"""

    def __init__(self, n):
        self.items = []
        for _ in range(n):
            seq = torch.randint(3, 30, (20,))
            i = torch.randint(20, ()).item()
            seq[i] = 1
            self.items.append((seq, int(i < 10)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, idx):
        return self.items[idx]


def run():
    torch.manual_seed(0)
    train_iter = torch.utils.data.DataLoader(Data(400), batch_size=40, shuffle=True)
    valid_iter = torch.utils.data.DataLoader(Data(100), batch_size=50)
    model = TextClassifier(30, 2)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(6):
        model.train()
        epoch_loss = 0
        for text, label in train_iter:
            optimizer.zero_grad()
            loss = criterion(model(text), label)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        model.eval()
        acc = 0
        with torch.no_grad():
            for text, label in valid_iter:
                acc += (model(text).argmax(1) == label).sum().item()
        print(f"{epoch=} train loss {epoch_loss / len(train_iter):.3f} valid acc {acc / 100:.2f}")


run()
