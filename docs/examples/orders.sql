-- SPDX-License-Identifier: MIT
-- An in-memory store that loads, indexes, deletes and loads again: a few seconds of real malloc.
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, note TEXT, total REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
INSERT INTO orders
SELECT i, (i * 7919) % 20011, substr(hex(randomblob(100)), 1, 40 + (i * 31) % 160), i * 0.37 FROM n;
CREATE INDEX orders_by_customer ON orders(customer, total);
CREATE INDEX orders_by_note ON orders(note);
SELECT count(*), round(sum(total)) FROM orders;
DELETE FROM orders WHERE id % 3 <> 0;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
INSERT INTO orders
SELECT 1000000 + i, (i * 104729) % 20011, hex(randomblob(100 + i % 100)), i * 0.11 FROM n;
SELECT customer, count(*), max(total) FROM orders GROUP BY customer ORDER BY 2 DESC, 1 LIMIT 3;
DROP INDEX orders_by_note;
SELECT count(*) FROM orders;
