# SPDX-License-Identifier: MIT
"""haproxy: 20,000 requests answered by itself. It asks its allocator about itself."""
GROUP = "apart"
WAIT_PORT = "{port}"
ENVIRONMENT = {}
COMMAND = ["sh", "-c", "sed s/PORT/{port}/ {inputs}/haproxy.cfg >{inputs}/now.cfg; "
           "exec haproxy -db -f {inputs}/now.cfg"]
LOAD = "python3 {inputs}/load.py {port}"


def make_input(folder, random):
    (folder / "haproxy.cfg").write_text('''
global
    nbthread 2
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend main
    bind 127.0.0.1:PORT
    http-request set-header X-Long %[path],%[path],%[path]
    stick-table type string len 64 size 100k expire 1h store http_req_cnt
    http-request track-sc0 path
    http-request return status 200 content-type text/plain lf-string "%[path] %[sc0_http_req_cnt]"
''')
    (folder / "load.py").write_text('''
import socket
import sys

connections = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(200)]
for n in range(20_000):
    connection = connections[n % len(connections)]
    connection.sendall(b"GET /path/%d HTTP/1.1\\r\\nHost: x\\r\\nX-More: %s\\r\\n\\r\\n"
                       % (n * 7919 % 15_000, b"m" * (n % 900)))
    while b"\\r\\n\\r\\n" not in connection.recv(65536):
        pass
''')
