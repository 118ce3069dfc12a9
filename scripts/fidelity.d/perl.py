# SPDX-License-Identifier: MIT
"""perl: words counted, sorted and joined, half of them forgotten, then strings that grow."""
GROUP = "named"
COMMAND = ["perl", "{inputs}/load.pl", "{inputs}/words.txt"]


def make_input(folder, random):
    letters = "abcdefghijklmnopqrstuvwxyz"
    with open(folder / "words.txt", "w") as out:
        for _ in range(40_000):
            out.write(" ".join("".join(random.choices(letters, k=random.randint(2, 9)))
                               for _ in range(9)) + "\n")
    (folder / "load.pl").write_text(r'''
use strict; use warnings;
$ENV{PERL_HASH_SEED} = 0;
my (%count, %lines);
open my $in, '<', $ARGV[0] or die;
while (my $line = <$in>) {
  for my $word (split ' ', $line) {
    $count{$word}++;
    push @{ $lines{ substr $word, 0, 2 } }, $. if $. % 3 == 0;
  }
}
my @sorted = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
delete @count{ @sorted[ grep { $_ % 2 } 0 .. $#sorted ] };
my @text;
for my $round (1 .. 2) {
  push @text, join ',', map { "$_=" . ($count{$_} // 0) } @sorted[ 0 .. 20_000 ];
  my %copy = map { $_ => [ split /a/, $_ ] } @sorted[ $round * 1000 .. $round * 1000 + 25_000 ];
  $text[-1] .= join ' ', map { scalar @$_ } values %copy;
}
my $grown = '';
$grown .= $_ x 3 for @sorted[ 0 .. 80_000 ];
print scalar(@sorted), ' ', length($grown), ' ', length("@text"), "\n";
''')


ENVIRONMENT = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
