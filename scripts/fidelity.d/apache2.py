# SPDX-License-Identifier: MIT
"""apache2 with 16 threads: texts of 200 and 3 KB, the larger ones compressed as they are sent."""
GROUP = "others"
WAIT_PORT = "{port}"
COMMAND = ["sh", "-c", "sed \"s|PORT|{port}|; s|HERE|$PWD|; s|INPUTS|\"{inputs}\"|\" "
           "{inputs}/apache.conf >apache.conf; exec apache2 -X -f $PWD/apache.conf"]
LOAD = ("ab -q -n 600 -c 8 -H 'Accept-Encoding: gzip' http://127.0.0.1:{port}/long.txt; "
        "ab -q -n 10000 -c 16 http://127.0.0.1:{port}/short.txt")


def make_input(folder, random):
    words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9)))
             for _ in range(5000)]
    pages = folder / "pages"
    pages.mkdir()
    text = " ".join(random.choices(words, k=40_000))
    (pages / "long.txt").write_text(text[:200_000])
    (pages / "short.txt").write_text(text[:3000])
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "authz_core", "filter", "deflate", "mime"))
    (folder / "apache.conf").write_text(modules + '''
ServerName localhost
Listen 127.0.0.1:PORT
PidFile HERE/apache.pid
ErrorLog HERE/apache.log
TypesConfig /etc/mime.types
DefaultRuntimeDir HERE
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
DocumentRoot INPUTS/pages
AddOutputFilterByType DEFLATE text/plain
<Directory INPUTS/pages>
Require all granted
</Directory>
''')
