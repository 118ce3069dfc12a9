# SPDX-License-Identifier: MIT
"""jq: a JSON document grouped, sorted and rebuilt."""
import json

GROUP = "others"
COMMAND = ["jq", "-c", "group_by(.town) | map({town: .[0].town, people: (map(.name) | sort), "
           "tags: (map(.tags[]) | unique)}) | map(select(.people | length > 3)) | tostring | length",
           "{inputs}/people.json"]


def make_input(folder, random):
    people = [{"id": n, "name": "name %x" % random.getrandbits(30), "town": random.randrange(3000),
               "tags": random.sample(["red", "green", "blue", "old", "new", "far"], 3),
               "where": {"x": random.random(), "y": random.random()}} for n in range(90_000)]
    (folder / "people.json").write_text(json.dumps(people))
