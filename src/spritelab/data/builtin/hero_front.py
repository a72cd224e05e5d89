"""Parts of a hero seen from the front (left halves, mirrored).

Materials: ``s`` skin, ``z`` hands, ``h`` hair, ``a`` and ``b`` headgear and its trim, ``c`` and ``d``
clothes and their trim, ``l`` legs, ``e`` boots, ``f`` cape, ``g`` metal or a jewel.
"""

from __future__ import annotations

from spritelab.data.builtin.canvas import read_sheet

HEADS = read_sheet("""
head@2
....ssss
...sssss
...sssss
...sssss
...sssss
...sssss
....ssss
""")

EARS = read_sheet("""
round@5  elf@4    goblin@4 cat@0    bear@1   horns@0  bunny@0  antenna@0
..s..... ..s..... .s...... ...s.... ..sss... ..g..... ....ss.. .....g..
..s..... .ss..... .sss.... ...ss... ..sSs... ..g..... ....sS.. .....G..
-------- ..s..... ..s..... ...sSs.. ..sSs... ...gg... ....sS.. .....G..
""")

EYES = read_sheet("""
tall@5   dots@6   bright@5 stern@4  wide@5   sly@5    glow@5   sockets@5 visor@5  sleepy@6
.....k.. .....k.. .....w.. ....SS.. ....ww.. ....kk.. .....g.. ....kk..  ...kkkkk ....kk..
.....k.. -------- .....k.. .....k.. ....wk.. .....k.. .....g.. ....kk..  ...kggkk --------
-------- -------- -------- .....k.. -------- -------- -------- --------  -------- --------
""")

MOUTHS = read_sheet("""
small@8  smile@7  tusks@7  teeth@7  muzzle@6 fangs@7  beak@6   snout@7
.......S ......S. .....w.. .....SkS .......k ......k. ......gg ......ss
-------- .......S -------- -------- ......ww ......w. .......g ......kS
""")

HAIR = read_sheet("""
short@1  fringe@1 long@1   spiky@0  afro@0   bob@1    mohawk@0 buns@1   curls@1  parted@1 tuft@0   swept@1
....hhhh ....hhhh ....hhhh ...h..h. ....hhhh ....hhhh ......hh ..hhhhhh ...h.hhh ....hhhh .......h ....hhhhhhhh....
...hhhhh ...hhhhh ...hhhhh ...hhhhh ..hhhhhh ...hhhhh ......hh .hhhhhhh ..hhhhhh ...hhhhh ......hh ...hhhhhhhhhh...
...hhhhh ...hhhhh ..hhhhhh ..hhhhhh .hhhhhhh ..hhhhhh ......hh ..hhhhhh ..hhhhhh ...hhhh. ......hh ...hhhhhhhhhh...
...hh... ...hhhhh ..hhhhh. ...hhhhh .hhhhhhh ..hhhhhh ......hh ...hhhh. ..hhhhhh ...hhh.. -------- ...hhhhhhhhhh...
...h.... ...h.h.. ..hh.... ..hhh.h. .hhhh... ..hh.hhh -------- ...h.... ..hhhh.. ...h.... -------- ...hh....hhhh...
-------- ...h.... ..hh.... ...h.... .hhh.... ..hh.... -------- -------- ..hh.... -------- -------- ...h.......hh...
-------- -------- ..hh.... -------- ..hh.... ..hh.... -------- -------- ..h..... -------- -------- ............h...
-------- -------- ..hh.... -------- -------- ..hhh... -------- -------- -------- -------- -------- ................
-------- -------- ..hh.... -------- -------- -------- -------- -------- -------- -------- -------- ................
-------- -------- ...h.... -------- -------- -------- -------- -------- -------- -------- -------- ................
""")

BEARDS = read_sheet("""
moustache@7 goatee@7 full@6   long@6   braided@6 stubble@7
.....hhh    ......hh ...h.... ...h.... ...h....  ........
--------    .......h ...hhhhh ...hhhhh ...hhhhh  ....SSSS
--------    -------- ....hhkk ....hhkk ....hhkk  --------
--------    -------- ....hhhh ....hhhh ....hhhh  --------
--------    -------- ......hh ....hhhh .....hh.  --------
--------    -------- -------- .....hhh .....gg.  --------
--------    -------- -------- ......hh .....h..  --------
""")

HATS = read_sheet("""
cap@1    brimmed@1 wizard@0 knight@1 viking@0 crested@0 hood@1   crown@1
....aaaa .....aaa  .......a ....aaaa .g...... ......bb  ....aaaa ...b..b.
...aaaaa ....aaaa  ......aa ...aaaaa .g..aaaa ....aabb  ...aaaaa ...bbbbb
...aaaaa ....bbbb  .....aaa ...aaaaa .ggaaaaa ...aaabb  ..aaaaaa ...bgbbg
..bbbbbb .aaaaaaa  ....bbbb ...aaaab ..gaaaaa ...aaaab  ..aaaaAA --------
-------- --------  .aaaaaaa ...kkkkb ...bbbbb ...bbbbb  ..aaA... --------
-------- --------  -------- ...aaaab -------- ...aa...  ..aa.... --------
-------- --------  -------- ...aaAab -------- ...a....  ..aa.... --------
-------- --------  -------- ....aaab -------- ...aa...  ..aaa... --------

turban@0 ninja@1  tricorn@1 beanie@0 tophat@0 mitre@0  straw@1  bandana@2 horned@0 headband@3
.....aaa ....aaaa ......aa  ......bb ....aaaa .......b ......aa ....aaaa  ..b..... ...aaaaa
...aaaaa ...aaaaa ....aaaa  ....aaaa ....aaaa ......ab ....aaaa ...aaaaa  .bb.aaaa --------
..aaaAAa ...aaaaa ..aaaaaa  ...aaaaa ....aaaa .....abb ..aaaaaa ...aaaaa  .bbaaaaa --------
..aaAaag ...bbbbb .aaaaawa  ...aaaaa ....bbbb ....aaab .aaaaaaa --------  ..aaaaaa --------
...aaaaA ........ .bbbbbbb  ...bbbbb ..aaaaaa ....bbbb .AAAAAAA --------  ..aaaaaa --------
-------- ........ --------  -------- -------- -------- -------- --------  ..aA.... --------
-------- ...aaaaa --------  -------- -------- -------- -------- --------  ..a..... --------
-------- ....aaaa --------  -------- -------- -------- -------- --------  ..a..... --------

feathered@0      witch@0          fez@0    bucket@1 earflaps@1 wreath@2 circlet@3 jester@0
.............bb. .........aa..... ........ ...aaaaa ....aaaa   ........ ........  ..g.....
............bb.. ......aaaa...... .....aaa ...aaaaa ...aaaaa   ...bbbgb ...bbbgb  .aa..aa.
.....aaaaaaabb.. .....aaaaa...... ....aaaa ...aaaab ...aaaaa   ...bbbbb --------  .aaaaaab
....aaaaaaaabb.. ....aaaaaaa..... ....aaaa ...kkkab ..bbbbbb   -------- --------  ..aaaabb
...aaaaaaaaaa... ....bbbbbbbb.... ....bbbb ...kkkab ..bb....   -------- --------  ..bbbbbb
..aaaabbbbbbbb.. .aaaaaaaaaaaaaa. -------- ...aaaab ..bb....   -------- --------  --------
................ ................ -------- ...aAaAb ..b.....   -------- --------  --------
................ ................ -------- ....aaaa --------   -------- --------  --------
""")

CAPES = read_sheet("""
cape@9
..ffffff
.fffffff
.fffffff
.fffffff
..ffffff
..ff....
""")

BODIES = read_sheet("""
tunic@9  robe@9   plate@9  vest@9   coat@9   overalls@9 gown@9   fur@9    sash@9           mail@9
...ccccc ...ccccc ..gg.ccc ...sccdd ...ccddd ...ddcdd   ...sscss ..dddddd ...cccdcccccc... ...ccccc
..cccccc ..cccccc .gggCccc ..sscccd ..cccCdd ..ddcccc   ..ssCccc .ddddddd ..cccdddcccccc.. ..cccdcd
..ccCccc ..ccCccd .ggGcccg ..ssCccc ..ccCcCd ..ddCccc   ..ssCccc ..ddcddc ..ccCcdddcCccc.. ..ccdcdc
..zzCddd ..zzCddd ..zzCddd ..zzCddd ..zzccCd ..zzCccg   ..zzdddd ..zzCccc ..zzCdddddCczz.. ..zzCddd
....lllL ...ccccd ....lllL ....lllL ...cccCl ....cccC   ...ccccc ...clllL ....lllLLlll.... ....lllL
....eee_ ...ccccd ....eee_ ....eee_ ....eee_ ....eee_   ..cccccc ....eee_ ....eee__eee.... ....eee_
""")

CHESTS = read_sheet("""
star@10  cross@10 stripe@10 buttons@10 hem@13   collar@9 lapel@9  band@10
.......g .......g ........  .......g   ...ddddd ......gg .....ddd ........
......gg ......gg ....dddd  ........   -------- .......g ......dd ....gggg
-------- .......g --------  .......g   -------- -------- -------- --------
""")

SHOULDERS = read_sheet("""
pads@9   spikes@8 leather@9
.ggg.... ..g..... ..ddd...
.gg..... .ggg.... ..d.....
""")
