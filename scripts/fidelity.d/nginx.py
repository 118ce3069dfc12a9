# SPDX-License-Identifier: MIT
"""nginx with two workers: texts of 200 and 3 KB, the larger ones compressed as they are sent."""
GROUP = "mended"
INPUT_OF = "apache2"
WAIT_PORT = "{port}"
COMMAND = ["sh", "-c", """printf %s "
user $(id -un); daemon off; worker_processes 2; pid $PWD/nginx.pid; error_log $PWD/nginx.log;
events { worker_connections 512; }
http { access_log off; gzip on; gzip_types text/plain; types { text/plain txt; }
client_body_temp_path $PWD/body; proxy_temp_path $PWD/proxy; fastcgi_temp_path $PWD/fastcgi;
uwsgi_temp_path $PWD/uwsgi; scgi_temp_path $PWD/scgi;
server { listen 127.0.0.1:{port}; root {inputs}/pages; } }
" >nginx.conf; exec nginx -c $PWD/nginx.conf"""]
LOAD = ("ab -q -n 4000 -c 16 -H 'Accept-Encoding: gzip' http://127.0.0.1:{port}/long.txt; "
        "ab -q -n 20000 -c 16 http://127.0.0.1:{port}/short.txt")
