# SPDX-License-Identifier: MIT
"""memcached: 400,000 values from two connections, one after the other."""
GROUP = "named"
WAIT_PORT = "{port}"
COMMAND = ["memcached", "-u", "nobody", "-p", "{port}", "-U", "0", "-l", "127.0.0.1", "-t", "2",
           "-m", "160"]
LOAD = "python3 {inputs}/load.py {port}"


def make_input(folder, random):
    (folder / "load.py").write_text('''
import random
import socket
import sys

random.seed(7)
for turn in range(2):
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for batch in range(400):
        parts = []
        for n in range(500):
            size = random.randint(20, 600)
            parts.append(b"set key%d:%d:%d 0 0 %d noreply\\r\\n%s\\r\\n"
                         % (turn, batch, n, size, b"v" * size))
        connection.sendall(b"".join(parts) + b"version\\r\\n")
        answer = b""
        while not answer.endswith(b"\\r\\n"):
            answer += connection.recv(4096)
    connection.close()
''')
