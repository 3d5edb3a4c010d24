import torch
from torch.utils.data import DataLoader
from torch.optim import AdamW
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup
from datasets import load_dataset

tokenizer = AutoTokenizer.from_pretrained("distilbert-base-uncased")
raw = load_dataset("imdb")


def tokenize(batch):
    return tokenizer(batch["text"], truncation=True, padding="max_length", max_length=256)


data = raw.map(tokenize, batched=True).with_format("torch", columns=["input_ids", "attention_mask", "label"])
train_dl = DataLoader(data["train"], batch_size=16, shuffle=True)
eval_dl = DataLoader(data["test"], batch_size=32)
model = AutoModelForSequenceClassification.from_pretrained("distilbert-base-uncased", num_labels=2)
optimizer = AdamW(model.parameters(), lr=2e-5)
num_epochs = 3
lr_scheduler = get_linear_schedule_with_warmup(optimizer, 500, num_epochs * len(train_dl))
device = "cuda" if torch.cuda.is_available() else "cpu"
model.to(device)
for epoch in range(num_epochs):
    model.train()
    for batch in train_dl:
        batch = {k: v.to(device) for k, v in batch.items()}
        outputs = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["label"])
        outputs.loss.backward()
        optimizer.step()
        lr_scheduler.step()
        optimizer.zero_grad()
    model.eval()
    right = 0
    for batch in eval_dl:
        batch = {k: v.to(device) for k, v in batch.items()}
        with torch.no_grad():
            logits = model(batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        right += (logits.argmax(-1) == batch["label"]).sum().item()
    print(epoch, right / len(data["test"]))
