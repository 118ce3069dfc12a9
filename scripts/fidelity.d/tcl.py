# SPDX-License-Identifier: MIT
"""tclsh: dictionaries, lists and strings."""
GROUP = "others"
COMMAND = ["tclsh", "{inputs}/load.tcl"]


def make_input(folder, random):
    (folder / "load.tcl").write_text('''
proc fill {count} {
  set table [dict create]
  for {set i 0} {$i < $count} {incr i} {
    dict set table "key [expr {$i * 7919 % 100003}]" [string repeat "v$i " [expr {$i % 20}]]
  }
  return $table
}
set table [fill 150000]
set words [list]
dict for {key value} $table { foreach word [split $value] { lappend words $word } }
set sorted [lsort -unique $words]
for {set i 0} {$i < 60000} {incr i} { array set kept [list "k$i" [lrange $sorted $i [expr {$i + 6}]]] }
unset words
set table [dict filter $table script {key value} { expr {[string length $value] % 2} }]
set text [join $sorted ,]
puts "[llength $sorted] [dict size $table] [string length $text] [array size kept]"
''')
