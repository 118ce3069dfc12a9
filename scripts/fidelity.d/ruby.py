# SPDX-License-Identifier: MIT
"""ruby: four threads that fill tables of strings and hand them on through a queue."""
GROUP = "named"
COMMAND = ["ruby", "--disable-gems", "{inputs}/load.rb"]


def make_input(folder, random):
    (folder / "load.rb").write_text('''
queue = SizedQueue.new(64)
done = Queue.new
makers = 4.times.map do |number|
  Thread.new do
    kept = {}
    70_000.times do |i|
      key = "key #{number} #{i * 7919 % 20_011}"
      kept[key] = ("value " * (i % 40)) << i.to_s
      kept.delete("key #{number} #{(i - 9_000) * 7919 % 20_011}") if i > 9_000
      queue << kept.values.last(50).map { |v| v + "!" } if i % 100 == 0
    end
    done << kept.size
  end
end
eater = Thread.new do
  seen = []
  while (batch = queue.pop) != :end
    seen << batch.join(",")
    seen.shift if seen.size > 400
  end
  seen.size
end
makers.each(&:join)
queue << :end
text = (0...250_000).map { |i| "line #{i} " + "x" * (i % 60) }
text.select! { |line| line.size.even? }
puts eater.value, done.size, text.size
''')
