-- Stock at every participant; an order takes it at one and is written at another.

-- nemcon: setup on all
CREATE TABLE item(id INTEGER PRIMARY KEY, stock INTEGER NOT NULL);
CREATE TABLE purchase(number INTEGER PRIMARY KEY, item INTEGER NOT NULL, count INTEGER NOT NULL, note TEXT NOT NULL);
WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000)
INSERT INTO item SELECT id, 100000 FROM n;

-- nemcon: transaction order weight 7
\set item random_zipfian(1, 1000, 0.9)
\set count random(1, 5)
\set note random_text(20)
-- nemcon: on any
-- nemcon: expect 1
UPDATE item SET stock = stock - :count WHERE id = :item AND stock >= :count;
-- nemcon: on any
INSERT INTO purchase VALUES (:number, :item, :count, :note);

-- nemcon: transaction move weight 2
\set item random(1, 1000)
\set half 50 + random(-10, 10)
-- nemcon: on any
-- nemcon: expect 1
UPDATE item SET stock = stock - :half WHERE id = :item AND stock >= :half;
-- nemcon: on any
UPDATE item SET stock = stock + :half WHERE id = :item;

-- nemcon: transaction look weight 1
\set item sequence(1, 1000)
-- nemcon: on all
SELECT stock FROM item WHERE id = :item;

-- nemcon: keep things in stock and in orders
SELECT (SELECT sum(stock) FROM item) + (SELECT coalesce(sum(count), 0) FROM purchase);
