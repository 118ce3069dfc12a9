# SPDX-License-Identifier: MIT
"""redis-server: 300,000 keys set, half of them deleted, 150,000 larger ones set."""
GROUP = "named"
WAIT_PORT = "{port}"
COMMAND = ["redis-server", "--port", "{port}", "--save", "", "--appendonly", "no",
           "--activerehashing", "yes", "--daemonize", "no"]
LOAD = "redis-cli -p {port} --pipe <{inputs}/load.resp"


def make_input(folder, random):
    def request(*words):
        return "*%d\r\n" % len(words) + "".join("$%d\r\n%s\r\n" % (len(w), w) for w in words)

    with open(folder / "load.resp", "w", newline="") as out:
        for key in range(300_000):
            out.write(request("SET", f"key:{key}", "v" * random.randint(10, 300)))
        for key in range(0, 300_000, 2):
            out.write(request("DEL", f"key:{key}"))
        for key in range(150_000):
            out.write(request("SET", f"new:{key}", "w" * random.randint(100, 900)))
        for key in range(40_000):
            out.write(request("HSET", f"hash:{key % 4000}", f"field{key}", "h" * (key % 90)))
            out.write(request("RPUSH", f"list:{key % 2500}", "l" * (key % 50)))
