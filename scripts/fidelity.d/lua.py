# SPDX-License-Identifier: MIT
"""lua5.4: trees, tables of strings and closures, made and collected."""
GROUP = "named"
COMMAND = ["lua5.4", "{inputs}/load.lua"]


def make_input(folder, random):
    (folder / "load.lua").write_text('''
local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end
local function count(t)
  if not t[1] then return 1 end
  return 1 + count(t[1]) + count(t[2])
end
local long = tree(17)
local total = 0
for round = 1, 30 do total = total + count(tree(13)) end
local words = {}
for i = 1, 400000 do words[i] = "word " .. (i * 7919 % 300007) end
local seen = {}
for _, word in ipairs(words) do seen[word] = (seen[word] or 0) + 1 end
for i = 1, #words, 2 do words[i] = false end
collectgarbage()
local parts = {}
for round = 1, 40 do
  for i = 1, 2000 do parts[i] = ("x"):rep(i % 300) .. round end
  words[round] = table.concat(parts)
end
local objects = {}
for i = 1, 150000 do
  local name = "object " .. i
  objects[i] = { name = name, get = function() return name end }
end
print(total, count(long), #words, #objects)
''')
