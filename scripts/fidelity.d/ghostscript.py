# SPDX-License-Identifier: MIT
"""ghostscript: a PostScript document of text, curves, patterns and pictures drawn as PNG."""
GROUP = "named"
COMMAND = ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=png16m", "-r150",
           "-sOutputFile=/dev/null", "{inputs}/load.ps"]


def make_input(folder, random):
    page = r'''
%%%%Page: %(n)d %(n)d
/Helvetica findfont 7 scalefont setfont
0 1 90 { /row exch def 20 row 9 mul moveto
  (Page %(n)d row ) show row 12 string cvs show ( of plain text that is drawn again and again) show } for
0 1 220 { /i exch def newpath i 7 mul 590 mod i 13 mul 830 mod moveto
  i 31 mul 590 mod i 17 mul 830 mod i 5 mul 590 mod i 3 mul 830 mod i 11 mul 590 mod i 830 mod curveto
  i 7 mod 7 div i 5 mod 5 div i 3 mod 3 div setrgbcolor stroke } for
/words 20000 dict def
0 1 15000 { dup 20 string cvs cvn exch words 3 1 roll put } for
gsave 100 100 translate 300 300 scale
/data 3072 string def 0 1 3071 { data exch dup %(n)d mul 251 mod put } for
32 32 8 [32 0 0 -32 0 32] { data } false 3 colorimage grestore
<< /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 20 20] /XStep 20 /YStep 20
  /PaintProc { pop 0.%(n)d 0.5 0.7 setrgbcolor 5 5 10 10 rectfill } >>
matrix makepattern setpattern 50 500 400 200 rectfill
showpage
'''
    (folder / "load.ps").write_text("%!PS-Adobe-3.0\n" +
                                    "".join(page % {"n": n} for n in range(1, 25)))
