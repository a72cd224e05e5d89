"""Bodies, faces and ornaments of monsters.

Materials: ``a`` the body, ``b`` its second colour (belly, wings, stalk), ``c`` claw, horn or bone,
``g`` what glows, ``r`` the mouth's inside.
"""

from __future__ import annotations

from spritelab.data.builtin.canvas import read_sheet

BODIES = read_sheet("""
ghost@1  imp@1    drake@1  cyclops@1 crystal@1 cat@1    beholder@1 golem@1  toadstool@1 biter@1
.....aaa ..c..... ..c..... ....aaaa  .......3  ..a..... ..c.....   ....aaaa .....aaa    ....aaaa
...aaaaa ..cc.aaa ..cc.aaa ...aaaaa  ......33  ..aa.... ..cc.c..   ....aaaa ...aaaaa    ..aaaaaa
..aaaaaa ...caaaa ...aaaaa ...aawww  .....333  ..aaaaaa ...c.c..   ....agaa ..aaaaaa    ..aaaaaa
..aaaaaa ...aaaaa ...aaaaa ...awwgg  ..3..333  ..aaaaaa ....aaaa   .aa.aaaa .aaaaaaa    .aaaaaaa
..aaaaaa ...aaaaa ...aaaaa ...awwgk  ..33.332  ..aaaaaa ..aaaaaa   .aaaaaaa .aaaaaaa    .akwkwkw
..aaaaaa ...aaaaa ....aaaa ...aawww  .333.322  ..aaaaaa ..aaaaww   .aaAaaab .aaaaaaa    .akkkkkk
..aaaaaa ....aaaa .b..akaa ...aaaaa  .3322322  ..aaaabb .aaaawww   .aaAaabb .AAAAAAA    .akwkwkw
.aaaaaaa .bb..aaa .bb.aaaa .aa.akwk  .3322222  ...aabbb .aaaawgg   .aaAaaab ....bbbb    ..aaaaaa
.aaaaaaa .bbbaaaa .bbb.aaa .aaaaaaa  .3222222  ....aaaa .aaaawgk   .aaAaaaa ....bbbb    ....aaaa
..aaaaaa .bBbaabb .bBbaabb .aaAbbbb  .2222222  .a..aabb ..aaaaww   .aa.aaaA ....bbbb    .......b
..aaaaaa .b..aabb .b..aabb ..aAbbbb  ..222222  .aa.aabb ..aaaaaa   .aa.aaA_ ...bbbbb    .bbb...b
..aaaaaa .....aab ...aaabb ...abbbb  ..122222  ..aaaabb ..akwkwk   ....aaA_ ...bbbbb    ..bbbb.b
..aa.aa. .....aaA ...aaabb ...aaaaA  ...11222  ...aaaaA ...aaaaa   ...aaaA_ ...bb.b.    ...bbbbb
..a...a. ....aa.. ...caca_ ...aa...  ....1111  ...aa... --------   -------- --------    --------

owl@2    crab@2   worm@1   shade@1  treant@1 squid@1  snake@2          beetle@1 jelly@2  frog@3
..a..... .aa..... ....aaaa ....aaaa ..bbbbbb ......aa ......aaaa...... ....c... .....aaa ...aa...
..aa.aaa .a.aa... ..aaaaaa ..aaaaaa .bbbbbbb ....aaaa .....aaaaaa..... .....c.. ...aaaaa ..aaaa..
..aaaaaa .aaaa... ..aarrrr ..aaaaaa .bbbbbbb ...aaaaa .....kwaawk..... .....bbb ..aaaaaa ..awka..
..wwwwaa ..aa.w.. .aarwkwk ..aakkkk .bbbbbbb ...aaaaa .....aaaaaa..... .c..bbbb ..aaaaaa ..akkaaa
..wkkwac ..a..k.. .arwkkkk ..akkkkk ..bbaaab ...aaaaa ......aaaa...... ..caaaaa .aaaaaaa .aaaaaaa
..wkkwcc ..aa.a.. .arkkkkk ..akgkkk ....aaaa ..aaaaaa ......abba...... ...aaaaA .aaaaaaa .aaaaaaa
..aaaaac ...aaaaa .aarwkwk ..akkkkk ....akaa ..aaaaaa .....aabba...... ..aaaaaA .bbbbbbb .akkkkkk
.aaabbbb ..aaaaaa ..aarrrr .aaakkkk .a..akaa ..aaaaaa ....aaabb...aa.. .caaaaaA ..b.b.b. ..aabbbb
.aaabbbb ..aaaaaa ..bbbbbb .aaaaaaa .aaaaaaa ...aaaaa ..aaaaaaaa...aa. ..aaaaaA ..b.b..b ..aabbbb
.aaabbbb ...aaaaa ..aaaaaa .aaaaaaa ....akkk ...A.a.a .aaaAAAAaaaaaaa. .c.aaaaA .b..b..b .aaAbbbb
.aaabbbb ..a.a... ..bbbbbb ..aaaaaa ....aaaa ..aa.a.a .aabbbbbbbAaaa.. .c..aaaA .b...b.b .aaAaaaa
..aabbbb .a..a... ..aaaaaa ..aa.aaa ...aaaaA ..a..a.a .aaaaaaaaaaaaa.. ......aA .....b.. .aa.aaA_
...cc... .a...... .bbbbbbb ..a...aa ..aaaaA. .a..a..a ..aaaaaaaaaaa... -------- -------- --------

chest@2  wolf@2   wisp@1   mask@1   fish@3           skull@2  pumpkin@2 snail@3          slime@5
..aaaaaa .a...... .......a ..cc.... ................ ...aaaaa .......b  ................ ......aa
.aaabaaa .aa..... ......aa ..caaaaa .......bbb...... ..aaaaaa ......bb  .c...c..bbbb.... ....aaaa
.aaabaaa .aaa.aaa ..a..aaa ..aaaaaa ......bbb....... ..aaaaaa ...aaAaa  ..c..c.bbbbbb... ...aaaaa
.aaabaaa .aaaaaaa .aa.aaaa .aaaaaaa ....aaaaaa..bb.. ..aaaaaa ..aaaAaa  ..aaa.bbBBBbbb.. ..aaaaaa
.akwkkwk .aaaaaaa .aaaaaaa .agggaaa ..aaaaaaaaa.bb.. ..akkkaa .aaaAaaa  .aaaaabbBbbBbb.. ..aaaaaa
.kkkkkkk .aaaaaaa .aaaaabb .aaggaaa .aawkaaaaaaabb.. ..akkkaa .aaaAaaa  .akaaabbBbBBbb.. .aaaaaaa
.kkrrrrr .aaaaabb ..aaabbb .aaaaaaa .aakkaaaaaaab... ..aakkaa .aaaAaaa  .aaaaabbBbbbbb.. .aaaaaaa
.bwkwkwk ..aaabbb ..aabbbb .aaaaaaA .aaaaaaaaaaabb.. ...aaaak .aaaAaaa  .AAaaabbbBBbb... .aaaaaaa
.aaabaaa ..aabbkk ..abbbww ..aakkkk .wkwkaaabaa.bb.. ....aaaa .aaaAaaa  .aaaaaabbbbba... .aaaaaaa
.aaabaaa ...abbbb ..aabbww ..akwkwk ..aaaaabbb..bb.. ....akak ..aaAaaa  .aaaaaaaaaaaaaa. ..aaaaaa
.aaabaaa ....bkkk ...aabbb ..aakkkk ....bbbbb....... ....akak ...aaaaa  ..aaaaaaaaaaaa.. --------
.bbbbbbb .....bbb ....aaaa ...aaaaa .....bb......... -------- --------  ---------------- --------

bat@3    spider@3 puddle@6
.....a.. ..c..... ....aaaa
.b...aa. .c.c.aaa ...aaaaa
.bb..aaa .c..aaaa ..aaaaaa
.bbb.aaa ...caaaa ..aaaaaa
.bbbaaaa .ccaaaaa .aaaaaaa
.bBbbaaa .c..aaaa .aaaaaaa
.bBbbaaa ..ccaaaa .aaaaaaa
.bB.bbaa .c.caaaa .aaaaaaa
.b...baa .c.c.aaa ..aaaaaa
......a. .c.c.... --------
""")

EYES = read_sheet("""
one      beads    cross    tall     angry    big      bright   sleepy   glare    dots
......ww .....k.. ....k.k. .....k.. ....k... ....ww.. ....wk.. ........ ....g... .....k..
.....wwk ........ .....k.. .....k.. ....wk.. ....wk.. ....kk.. ....kk.. ....gg.. --------
......wk ....k... ....k.k. -------- -------- -------- -------- -------- -------- --------
""")

MOUTHS = read_sheet("""
open     teeth    tongue   smile    grin     fangs    frown    flat     tiny
......kk .....kkk .....kkk .....k.. ....k... .....kkk ......kk ......kk .......k
......rr .....wkw ......rr ......kk .....kkk .....wk. .....k.. -------- --------
......kk .....kkk .......r -------- -------- -------- -------- -------- --------
""")

HORNS = read_sheet("""
short@0  long@0   feelers@0 tuft@0   antlers@0 ears@0   crown@0  spikes@0 sprout@0
...c.... .cc..... ..g.....  ......bb .c.c....  ..bb.... ....ggg. ..c..c.c .......b
...cc... ..cc.... ...c....  .....bbb ..cc....  ..bbb... ....g.gg ..cc.ccc .....bbb
....cc.. ...cc... ....c...  .....bb. ...cc...  ...bb... ....gggg ..cccccc ......bb
""")

MARKS = read_sheet("""
spots            stripes          belly            freckles         bands
................ ..bb...bb...bb.. ................ ................ ................
....bb.....b.... ..bb...bb...bb.. ................ ..b...b...b...b. ................
....bb....bb.... ..bb...bb...bb.. ................ ................ bbbbbbbbbbbbbbbb
..........b..... ..bb...bb...bb.. ................ b...b...b...b... bbbbbbbbbbbbbbbb
.bb............. ..bb...bb...bb.. ................ ................ ................
.bb....bb.....b. ...b...bb...b... ................ ..b...b...b...b. ................
.......bb....bb. ...b...bb...b... ................ ................ ................
................ ...b........b... ................ b...b...b...b... bbbbbbbbbbbbbbbb
..bb.........b.. ................ ......bbbb...... ................ bbbbbbbbbbbbbbbb
..bb....bb..bb.. ................ .....bbbbbb..... ..b...b...b...b. ................
........bb...... ................ .....bbbbbb..... ................ ................
................ ...b........b... .....bbbbbb..... b...b...b...b... ................
...bb......bb... ...b........b... .....bbbbbb..... ................ bbbbbbbbbbbbbbbb
...bb......bb... ..bb.......bbb.. .....bbbbbb..... ..b...b...b...b. bbbbbbbbbbbbbbbb
---------------- ..bb.......bbb.. ......bbbb...... ---------------- ----------------

patch
bbbbbb..........
bbbbbbb.........
bbbbbbb.........
bbbbbb..........
bbbbb...........
bbb.............
................
................
................
.............bbb
............bbbb
...........bbbbb
...........bbbbb
............bbbb
.............bbb
""")
