"""Bodies, faces and ornaments of monsters.

Materials: ``a`` the body, ``b`` its second colour (belly, wings, stalk), ``c`` claw, horn or bone,
``g`` what glows, ``r`` the mouth's inside.
"""

from __future__ import annotations

from spritelab.data.builtin.canvas import read_sheet

BODIES = read_sheet("""
slime@5  puddle@6 ghost@1  bat@3    skull@2  beetle@1 spider@3 beholder@1 imp@1
......aa ....aaaa .....aaa .....a.. ...aaaaa ....c... ..c..... ..c.....   ..c.....
....aaaa ...aaaaa ...aaaaa .b...aa. ..aaaaaa .....c.. .c.c.aaa ..cc.c..   ..cc.aaa
...aaaaa ..aaaaaa ..aaaaaa .bb..aaa ..aaaaaa .....bbb .c..aaaa ...c.c..   ...caaaa
..aaaaaa ..aaaaaa ..aaaaaa .bbb.aaa ..aaaaaa .c..bbbb ...caaaa ....aaaa   ...aaaaa
..aaaaaa .aaaaaaa ..aaaaaa .bbbaaaa ..akkkaa ..caaaaa .ccaaaaa ..aaaaaa   ...aaaaa
.aaaaaaa .aaaaaaa ..aaaaaa .bBbbaaa ..akkkaa ...aaaaA .c..aaaa ..aaaaww   ...aaaaa
.aaaaaaa .aaaaaaa ..aaaaaa .bBbbaaa ..aakkaa ..aaaaaA ..ccaaaa .aaaawww   ....aaaa
.aaaaaaa .aaaaaaa .aaaaaaa .bB.bbaa ...aaaak .caaaaaA .c.caaaa .aaaawgg   .bb..aaa
.aaaaaaa ..aaaaaa .aaaaaaa .b...baa ....aaaa ..aaaaaA .c.c.aaa .aaaawgk   .bbbaaaa
..aaaaaa -------- ..aaaaaa ......a. ....akak .c.aaaaA .c.c.... ..aaaaww   .bBbaabb
-------- -------- ..aaaaaa -------- ....akak .c..aaaA -------- ..aaaaaa   .b..aabb
-------- -------- ..aaaaaa -------- -------- ......aA -------- ..akwkwk   .....aab
-------- -------- ..aa.aa. -------- -------- -------- -------- ...aaaaa   .....aaA
-------- -------- ..a...a. -------- -------- -------- -------- --------   ....aa..

golem@1  toadstool@1 jelly@2  biter@1  drake@1  owl@2    crab@2   frog@3   pumpkin@2 chest@2
....aaaa .....aaa    .....aaa ....aaaa ..c..... ..a..... .aa..... ...aa... .......b  ..aaaaaa
....aaaa ...aaaaa    ...aaaaa ..aaaaaa ..cc.aaa ..aa.aaa .a.aa... ..aaaa.. ......bb  .aaabaaa
....agaa ..aaaaaa    ..aaaaaa ..aaaaaa ...aaaaa ..aaaaaa .aaaa... ..awka.. ...aaAaa  .aaabaaa
.aa.aaaa .aaaaaaa    ..aaaaaa .aaaaaaa ...aaaaa ..wwwwaa ..aa.w.. ..akkaaa ..aaaAaa  .aaabaaa
.aaaaaaa .aaaaaaa    .aaaaaaa .akwkwkw ...aaaaa ..wkkwac ..a..k.. .aaaaaaa .aaaAaaa  .akwkkwk
.aaAaaab .aaaaaaa    .aaaaaaa .akkkkkk ....aaaa ..wkkwcc ..aa.a.. .aaaaaaa .aaaAaaa  .kkkkkkk
.aaAaabb .AAAAAAA    .bbbbbbb .akwkwkw .b..akaa ..aaaaac ...aaaaa .akkkkkk .aaaAaaa  .kkrrrrr
.aaAaaab ....bbbb    ..b.b.b. ..aaaaaa .bb.aaaa .aaabbbb ..aaaaaa ..aabbbb .aaaAaaa  .bwkwkwk
.aaAaaaa ....bbbb    ..b.b..b ....aaaa .bbb.aaa .aaabbbb ..aaaaaa ..aabbbb .aaaAaaa  .aaabaaa
.aa.aaaA ....bbbb    .b..b..b .......b .bBbaabb .aaabbbb ...aaaaa .aaAbbbb ..aaAaaa  .aaabaaa
.aa.aaA_ ...bbbbb    .b...b.b .bbb...b .b..aabb .aaabbbb ..a.a... .aaAaaaa ...aaaaa  .aaabaaa
....aaA_ ...bbbbb    .....b.. ..bbbb.b ...aaabb ..aabbbb .a..a... .aa.aaA_ --------  .bbbbbbb
...aaaA_ ...bb.b.    -------- ...bbbbb ...aaabb ...cc... .a...... -------- --------  --------
-------- --------    -------- -------- ...caca_ -------- -------- -------- --------  --------

cyclops@1 wolf@2   wisp@1   crystal@1 worm@1   mask@1   cat@2    shade@1  treant@1 squid@1  snail@3
....aaaa .a...... .......a .......3 ....aaaa ..cc.... ..a..... ....aaaa ..bbbbbb ......aa ................
...aaaaa .aa..... ......aa ......33 ..aaaaaa ..caaaaa ..aa.... ..aaaaaa .bbbbbbb ....aaaa .c...c..bbbb....
...aawww .aaa.aaa ..a..aaa .....333 ..aarrrr ..aaaaaa ..aaaaaa ..aaaaaa .bbbbbbb ...aaaaa ..c..c.bbbbbb...
...awwgg .aaaaaaa .aa.aaaa ..3..333 .aarwkwk .aaaaaaa ..aaaaaa ..aakkkk .bbbbbbb ...aaaaa ..aaa.bbBBBbbb..
...awwgk .aaaaaaa .aaaaaaa ..33.332 .arwkkkk .agggaaa ..aaaaaa ..akkkkk ..bbaaab ...aaaaa .aaaaabbBbbBbb..
...aawww .aaaaaaa .aaaaabb .333.322 .arkkkkk .aaggaaa ..aaaaaa ..akgkkk ....aaaa ..aaaaaa .akaaabbBbBBbb..
...aaaaa .aaaaabb ..aaabbb .3322322 .aarwkwk .aaaaaaa ..aaaabb ..akkkkk ....akaa ..aaaaaa .aaaaabbBbbbbb..
.aa.akwk ..aaabbb ..aabbbb .3322222 ..aarrrr .aaaaaaA ...aabbb .aaakkkk .a..akaa ..aaaaaa .AAaaabbbBBbb...
.aaaaaaa ..aabbkk ..abbbww .3222222 ..bbbbbb ..aakkkk ....aaaa .aaaaaaa .aaaaaaa ...aaaaa .aaaaaabbbbba...
.aaAbbbb ...abbbb ..aabbww .2222222 ..aaaaaa ..akwkwk .a..aabb .aaaaaaa ....akkk ...A.a.a .aaaaaaaaaaaaaa.
..aAbbbb ....bkkk ...aabbb ..222222 ..bbbbbb ..aakkkk .aa.aabb ..aaaaaa ....aaaa ..aa.a.a ..aaaaaaaaaaaa..
...abbbb .....bbb ....aaaa ..122222 ..aaaaaa ...aaaaa ..aaaabb ..aa.aaa ...aaaaA ..a..a.a ................
...aaaaA -------- -------- ...11222 .bbbbbbb -------- ...aaaaA ..a...aa ..aaaaA. .a..a..a ----------------
...aa... -------- -------- ....1111 -------- -------- ...aa... -------- -------- -------- ----------------

snake@2          fish@3
......aaaa...... ................
.....aaaaaa..... .......bbb......
.....kwaawk..... ......bbb.......
.....aaaaaa..... ....aaaaaa..bb..
......aaaa...... ..aaaaaaaaa.bb..
......abba...... .aawkaaaaaaabb..
.....aabba...... .aakkaaaaaaab...
....aaabb...aa.. .aaaaaaaaaaabb..
..aaaaaaaa...aa. .wkwkaaabaa.bb..
.aaaAAAAaaaaaaa. ..aaaaabbb..bb..
.aabbbbbbbAaaa.. ....bbbbb.......
.aaaaaaaaaaaaa.. .....bb.........
..aaaaaaaaaaa... ................
""")

EYES = read_sheet("""
dots     tall     angry    big      bright   sleepy   glare    one      beads    cross
.....k.. .....k.. ....k... ....ww.. ....wk.. ........ ....g... ......ww .....k.. ....k.k.
-------- .....k.. ....wk.. ....wk.. ....kk.. ....kk.. ....gg.. .....wwk ........ .....k..
-------- -------- -------- -------- -------- -------- -------- ......wk ....k... ....k.k.
""")

MOUTHS = read_sheet("""
flat     smile    grin     fangs    open     frown    teeth    tiny     tongue
......kk .....k.. ....k... .....kkk ......kk ......kk .....kkk .......k .....kkk
-------- ......kk .....kkk .....wk. ......rr .....k.. .....wkw -------- ......rr
-------- -------- -------- -------- ......kk -------- .....kkk -------- .......r
""")

HORNS = read_sheet("""
short@0  long@0   feelers@0 tuft@0   antlers@0 ears@0   crown@0  spikes@0 sprout@0
...c.... .cc..... ..g.....  ......bb .c.c....  ..bb.... ....ggg. ..c..c.c .......b
...cc... ..cc.... ...c....  .....bbb ..cc....  ..bbb... ....g.gg ..cc.ccc .....bbb
....cc.. ...cc... ....c...  .....bb. ...cc...  ...bb... ....gggg ..cccccc ......bb
""")

MARKS = read_sheet("""
spots            stripes          belly            freckles         bands            patch
................ ..bb...bb...bb.. ................ ................ ................ bbbbbb..........
....bb.....b.... ..bb...bb...bb.. ................ ..b...b...b...b. ................ bbbbbbb.........
....bb....bb.... ..bb...bb...bb.. ................ ................ bbbbbbbbbbbbbbbb bbbbbbb.........
..........b..... ..bb...bb...bb.. ................ b...b...b...b... bbbbbbbbbbbbbbbb bbbbbb..........
.bb............. ..bb...bb...bb.. ................ ................ ................ bbbbb...........
.bb....bb.....b. ...b...bb...b... ................ ..b...b...b...b. ................ bbb.............
.......bb....bb. ...b...bb...b... ................ ................ ................ ................
................ ...b........b... ................ b...b...b...b... bbbbbbbbbbbbbbbb ................
..bb.........b.. ................ ......bbbb...... ................ bbbbbbbbbbbbbbbb ................
..bb....bb..bb.. ................ .....bbbbbb..... ..b...b...b...b. ................ .............bbb
........bb...... ................ .....bbbbbb..... ................ ................ ............bbbb
................ ...b........b... .....bbbbbb..... b...b...b...b... ................ ...........bbbbb
...bb......bb... ...b........b... .....bbbbbb..... ................ bbbbbbbbbbbbbbbb ...........bbbbb
...bb......bb... ..bb.......bbb.. .....bbbbbb..... ..b...b...b...b. bbbbbbbbbbbbbbbb ............bbbb
................ ..bb.......bbb.. ......bbbb...... ................ ................ .............bbb
................ ................ ................ ................ ................ ................
""")
