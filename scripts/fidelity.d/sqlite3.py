# SPDX-License-Identifier: MIT
"""sqlite3: a database in memory is filled, indexed, joined, thinned out and compacted."""
GROUP = "named"
COMMAND = ["sqlite3", ":memory:", ".read {inputs}/load.sql"]


def make_input(folder, random):
    (folder / "load.sql").write_text("""
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, kind INT, price REAL, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
  INSERT INTO item SELECT i, printf('item %d', i * 7919 % 300007), i % 97, i * 0.37,
    substr('lorem ipsum dolor sit amet consectetur adipiscing elit', 1, i % 50) FROM n;
CREATE INDEX item_name ON item(name);
CREATE INDEX item_kind ON item(kind, price);
CREATE TABLE sale AS SELECT i.id AS item, i.kind * 31 % 1000 AS customer, i.price * 3 AS total
  FROM item i WHERE i.id % 2 = 0;
SELECT kind, count(*), sum(total) FROM sale JOIN item ON item.id = sale.item GROUP BY kind
  ORDER BY 3 DESC LIMIT 5;
SELECT count(*) FROM (SELECT name, group_concat(note) FROM item GROUP BY name ORDER BY name DESC);
DELETE FROM item WHERE id % 3 <> 0;
VACUUM;
SELECT count(DISTINCT note), max(name) FROM item;
SELECT customer, avg(total) FROM sale GROUP BY customer ORDER BY 2 LIMIT 3;
""")
