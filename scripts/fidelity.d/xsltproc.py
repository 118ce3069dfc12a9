# SPDX-License-Identifier: MIT
"""xsltproc: an XML document sorted and turned into another."""
GROUP = "others"
COMMAND = ["xsltproc", "-o", "/dev/null", "{inputs}/sort.xsl", "{inputs}/books.xml"]


def make_input(folder, random):
    with open(folder / "books.xml", "w") as out:
        out.write("<books>\n")
        for n in range(70_000):
            out.write(f'<book id="b{n}" year="{random.randint(1900, 2020)}"><title>Title '
                      f'{random.getrandbits(30):x}</title><author>Author {n * 7919 % 5003}'
                      f'</author><note>{"n" * random.randrange(80)}</note></book>\n')
        out.write("</books>\n")
    (folder / "sort.xsl").write_text('''
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/books"><list>
<xsl:for-each select="book"><xsl:sort select="@year"/><xsl:sort select="title"/>
<entry author="{author}"><xsl:value-of select="concat(title, ' (', @year, ') ', note)"/></entry>
</xsl:for-each></list></xsl:template></xsl:stylesheet>
''')
