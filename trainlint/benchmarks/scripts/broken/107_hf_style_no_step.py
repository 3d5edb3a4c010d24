import torch
from torch import nn
from torch.optim import AdamW
from transformers import AutoModel, get_cosine_schedule_with_warmup


class Classifier(nn.Module):
    def __init__(self, name, n):
        super().__init__()
        self.bert = AutoModel.from_pretrained(name)
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(self.bert.config.hidden_size, n)

    def forward(self, ids, mask):
        out = self.bert(input_ids=ids, attention_mask=mask)
        return self.fc(self.drop(out.last_hidden_state[:, 0]))


def train(loader, epochs=3):
    model = Classifier("bert-base-uncased", 4)
    optimizer = AdamW(model.parameters(), lr=2e-5)
    scheduler = get_cosine_schedule_with_warmup(optimizer, 100, epochs * len(loader))  # FAULT
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for ids, mask, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(ids, mask), labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(epoch, loss.item())
