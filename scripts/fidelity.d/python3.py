# SPDX-License-Identifier: MIT
"""python3 with PYTHONMALLOC=malloc: objects, dictionaries, text and JSON, built and dropped."""
GROUP = "named"
ENVIRONMENT = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
COMMAND = ["/usr/bin/python3", "{inputs}/load.py"]


def make_input(folder, random):
    (folder / "load.py").write_text('''
import json


class Node:
    def __init__(self, key, left, right):
        self.key, self.left, self.right = key, left, right


def tree(depth):
    return Node(depth, tree(depth - 1), tree(depth - 1)) if depth else None


records = [{"id": i, "name": f"record {i * 7919 % 100003}", "tags": [f"t{i % 7}", f"u{i % 11}"],
            "body": "x" * (i * 37 % 400)} for i in range(70_000)]
text = [json.dumps(r) for r in records]
forest = [tree(9) for _ in range(60)]
index = {}
for record in map(json.loads, text):
    index.setdefault(record["name"][-3:], []).append(record)
del records, text
words = " ".join(r["body"][:20] + str(r["id"]) for rows in index.values() for r in rows).split()
counts = {}
for word in words:
    counts[word[-4:]] = counts.get(word[-4:], 0) + 1
del forest
for key in list(index)[::2]:
    del index[key]
again = [tree(8) for _ in range(120)]
large = [bytearray(i % 60_000 + 5_000) for i in range(0, 900_000, 900)]
print(len(index), len(counts), len(again), sum(map(len, large)))
''')
