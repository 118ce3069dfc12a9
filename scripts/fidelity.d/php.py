# SPDX-License-Identifier: MIT
"""php with USE_ZEND_ALLOC=0, so that its objects are malloc's: arrays, strings, JSON."""
GROUP = "others"
ENVIRONMENT = {"USE_ZEND_ALLOC": "0"}
COMMAND = ["php", "-d", "memory_limit=-1", "{inputs}/load.php"]


def make_input(folder, random):
    (folder / "load.php").write_text('''<?php
class Item { public $id; public $name; public $tags = []; }
$items = [];
for ($i = 0; $i < 120000; $i++) {
  $item = new Item;
  $item->id = $i;
  $item->name = 'item ' . ($i * 7919 % 100003) . str_repeat('x', $i % 120);
  $item->tags = ["t" . $i % 17, "u" . $i % 5];
  $items[] = $item;
}
$by_name = [];
foreach ($items as $item) $by_name[substr($item->name, 0, 9)][] = $item;
$text = json_encode($items);
$again = json_decode($text, true);
usort($again, fn($a, $b) => strcmp($a['name'], $b['name']));
foreach ($items as $key => $item) if ($key % 2) unset($items[$key]);
$by_name = [];
$parts = array_map(fn($row) => strrev($row['name']) . count($row['tags']), $again);
echo count($items), ' ', strlen($text), ' ', strlen(implode(',', $parts)), "\\n";
''')
