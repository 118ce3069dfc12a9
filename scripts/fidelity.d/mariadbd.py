# SPDX-License-Identifier: MIT
"""mariadbd: tables filled, indexed, joined and sorted by two clients, one after the other."""
import subprocess

GROUP = "named"
WAIT_FILE = "{inputs}/data/ready.sock"
COMMAND = ["sh", "-c", "rm -rf {inputs}/data; cp -r {inputs}/fresh {inputs}/data; "
           "exec mariadbd --no-defaults --user=root --datadir={inputs}/data --skip-networking "
           "--socket={inputs}/data/ready.sock --pid-file={inputs}/data/pid "
           "--innodb-buffer-pool-size=16M --innodb-flush-log-at-trx-commit=0 "
           "--innodb-doublewrite=0 --sync-binlog=0 --max-heap-table-size=256M "
           "--tmp-table-size=64M --sort-buffer-size=16M"]
LOAD = ("mariadb --no-defaults -S {inputs}/data/ready.sock -u root <{inputs}/first.sql && "
        "mariadb --no-defaults -S {inputs}/data/ready.sock -u root <{inputs}/second.sql")


def make_input(folder, random):
    subprocess.run(["mariadb-install-db", "--no-defaults", "--user=root", "--auth-root-authentication-method=normal",
                    "--skip-test-db", f"--datadir={folder}/fresh"], check=True,
                   stdout=subprocess.DEVNULL)
    (folder / "first.sql").write_text("""
CREATE DATABASE load_test; USE load_test;
CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(80), town VARCHAR(40), born INT,
  note VARCHAR(200)) ENGINE=InnoDB;
INSERT INTO person SELECT seq, CONCAT('name ', seq * 7919 % 100003), CONCAT('town ', seq % 911),
  1900 + seq % 120, REPEAT('n', seq % 150) FROM seq_1_to_100000;
CREATE INDEX person_town ON person (town);
CREATE TABLE kept (id INT PRIMARY KEY, name VARCHAR(80), note VARCHAR(200)) ENGINE=MEMORY;
INSERT INTO kept SELECT id, name, note FROM person WHERE id % 2 = 0;
SELECT town, COUNT(*), AVG(born) FROM person GROUP BY town ORDER BY 2 DESC, 1 LIMIT 5;
""")
    (folder / "second.sql").write_text("""
USE load_test;
SELECT COUNT(*) FROM (SELECT a.name, b.note FROM person a JOIN kept b ON a.id = b.id
  ORDER BY b.note DESC, a.name) AS both_of_them;
DELETE FROM kept WHERE id % 3 = 0;
SELECT SUM(LENGTH(all_notes)) FROM (SELECT born, GROUP_CONCAT(note) AS all_notes FROM person
  GROUP BY born) AS notes;
UPDATE person SET note = CONCAT(note, ' more') WHERE born < 1930;
SELECT name, COUNT(*) FROM person GROUP BY name ORDER BY name DESC LIMIT 3;
""")
