"""Parts of a hero seen from the front (left halves, mirrored).

Materials: ``s`` skin, ``z`` hands, ``h`` hair, ``a`` and ``b`` headgear and its trim, ``c`` and
``d`` clothes and their trim, ``l`` legs, ``e`` boots, ``f`` cape, ``g`` metal or a jewel.
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
elf@4    goblin@4 cat@0    bear@1   horns@0  bunny@0  antenna@0 round@5
..s..... .s...... ...s.... ..sss... ..g..... ....ss.. .....g..  ..s.....
.ss..... .sss.... ...ss... ..sSs... ..g..... ....sS.. .....G..  ..s.....
..s..... ..s..... ...sSs.. ..sSs... ...gg... ....sS.. .....G..  --------
""")

EYES = read_sheet("""
stern@4  tall@5   bright@5 wide@5   sly@5    glow@5   sockets@5 visor@5  dots@6   sleepy@6
....SS.. .....k.. .....w.. ....ww.. ....kk.. .....g.. ....kk..  ...kkkkk .....k.. ....kk..
.....k.. .....k.. .....k.. ....wk.. .....k.. .....g.. ....kk..  ...kggkk -------- --------
.....k.. -------- -------- -------- -------- -------- --------  -------- -------- --------
""")

MOUTHS = read_sheet("""
smile@7  muzzle@6 fangs@7  beak@6   snout@7  small@8  tusks@7  teeth@7
......S. .......k ......k. ......gg ......ss .......S .....w.. .....SkS
.......S ......ww ......w. .......g ......kS -------- -------- --------
""")

HAIR = read_sheet("""
long@1   bob@1    afro@0   curls@1  swept@1          fringe@1 spiky@0  short@1  buns@1   parted@1
....hhhh ....hhhh ....hhhh ...h.hhh ....hhhhhhhh.... ....hhhh ...h..h. ....hhhh ..hhhhhh ....hhhh
...hhhhh ...hhhhh ..hhhhhh ..hhhhhh ...hhhhhhhhhh... ...hhhhh ...hhhhh ...hhhhh .hhhhhhh ...hhhhh
..hhhhhh ..hhhhhh .hhhhhhh ..hhhhhh ...hhhhhhhhhh... ...hhhhh ..hhhhhh ...hhhhh ..hhhhhh ...hhhh.
..hhhhh. ..hhhhhh .hhhhhhh ..hhhhhh ...hhhhhhhhhh... ...hhhhh ...hhhhh ...hh... ...hhhh. ...hhh..
..hh.... ..hh.hhh .hhhh... ..hhhh.. ...hh....hhhh... ...h.h.. ..hhh.h. ...h.... ...h.... ...h....
..hh.... ..hh.... .hhh.... ..hh.... ...h.......hh... ...h.... ...h.... -------- -------- --------
..hh.... ..hh.... ..hh.... ..h..... ............h... -------- -------- -------- -------- --------
..hh.... ..hhh... -------- -------- ---------------- -------- -------- -------- -------- --------
..hh.... -------- -------- -------- ---------------- -------- -------- -------- -------- --------
...h.... -------- -------- -------- ---------------- -------- -------- -------- -------- --------

mohawk@0 tuft@0
......hh .......h
......hh ......hh
......hh ......hh
......hh --------
""")

BEARDS = read_sheet("""
long@6   braided@6 full@6   goatee@7 stubble@7 moustache@7
...h.... ...h....  ...h.... ......hh ........  .....hhh
...hhhhh ...hhhhh  ...hhhhh .......h ....SSSS  --------
....hhkk ....hhkk  ....hhkk -------- --------  --------
....hhhh ....hhhh  ....hhhh -------- --------  --------
....hhhh .....hh.  ......hh -------- --------  --------
.....hhh .....gg.  -------- -------- --------  --------
......hh .....h..  -------- -------- --------  --------
""")

HATS = read_sheet("""
knight@1 crested@0 hood@1   ninja@1  horned@0 bucket@1 earflaps@1 feathered@0
....aaaa ......bb  ....aaaa ....aaaa ..b..... ...aaaaa ....aaaa   .............bb.
...aaaaa ....aabb  ...aaaaa ...aaaaa .bb.aaaa ...aaaaa ...aaaaa   ............bb..
...aaaaa ...aaabb  ..aaaaaa ...aaaaa .bbaaaaa ...aaaab ...aaaaa   .....aaaaaaabb..
...aaaab ...aaaab  ..aaaaAA ...bbbbb ..aaaaaa ...kkkab ..bbbbbb   ....aaaaaaaabb..
...kkkkb ...bbbbb  ..aaA... ........ ..aaaaaa ...kkkab ..bb....   ...aaaaaaaaaa...
...aaaab ...aa...  ..aa.... ........ ..aA.... ...aaaab ..bb....   ..aaaabbbbbbbb..
...aaAab ...a....  ..aa.... ...aaaaa ..a..... ...aAaAb ..b.....   ----------------
....aaab ...aa...  ..aaa... ....aaaa ..a..... ....aaaa --------   ----------------

witch@0          wizard@0 viking@0 turban@0 tricorn@1 beanie@0 tophat@0 mitre@0  straw@1  fez@0
.........aa..... .......a .g...... .....aaa ......aa  ......bb ....aaaa .......b ......aa ........
......aaaa...... ......aa .g..aaaa ...aaaaa ....aaaa  ....aaaa ....aaaa ......ab ....aaaa .....aaa
.....aaaaa...... .....aaa .ggaaaaa ..aaaAAa ..aaaaaa  ...aaaaa ....aaaa .....abb ..aaaaaa ....aaaa
....aaaaaaa..... ....bbbb ..gaaaaa ..aaAaag .aaaaawa  ...aaaaa ....bbbb ....aaab .aaaaaaa ....aaaa
....bbbbbbbb.... .aaaaaaa ...bbbbb ...aaaaA .bbbbbbb  ...bbbbb ..aaaaaa ....bbbb .AAAAAAA ....bbbb
.aaaaaaaaaaaaaa. -------- -------- -------- --------  -------- -------- -------- -------- --------

jester@0 cap@1    brimmed@1 crown@1  bandana@2 wreath@2 circlet@3 headband@3
..g..... ....aaaa .....aaa  ...b..b. ....aaaa  ........ ........  ...aaaaa
.aa..aa. ...aaaaa ....aaaa  ...bbbbb ...aaaaa  ...bbbgb ...bbbgb  --------
.aaaaaab ...aaaaa ....bbbb  ...bgbbg ...aaaaa  ...bbbbb --------  --------
..aaaabb ..bbbbbb .aaaaaaa  -------- --------  -------- --------  --------
..bbbbbb -------- --------  -------- --------  -------- --------  --------
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
tunic@9  robe@9   plate@9  vest@9   coat@9   overalls@9 gown@9   fur@9    sash@9
...ccccc ...ccccc ..gg.ccc ...sccdd ...ccddd ...ddcdd   ...sscss ..dddddd ...cccdcccccc...
..cccccc ..cccccc .gggCccc ..sscccd ..cccCdd ..ddcccc   ..ssCccc .ddddddd ..cccdddcccccc..
..ccCccc ..ccCccd .ggGcccg ..ssCccc ..ccCcCd ..ddCccc   ..ssCccc ..ddcddc ..ccCcdddcCccc..
..zzCddd ..zzCddd ..zzCddd ..zzCddd ..zzccCd ..zzCccg   ..zzdddd ..zzCccc ..zzCdddddCczz..
....lllL ...ccccd ....lllL ....lllL ...cccCl ....cccC   ...ccccc ...clllL ....lllLLlll....
....eee_ ...ccccd ....eee_ ....eee_ ....eee_ ....eee_   ..cccccc ....eee_ ....eee__eee....

mail@9
...ccccc
..cccdcd
..ccdcdc
..zzCddd
....lllL
....eee_
""")

CHESTS = read_sheet("""
cross@10 buttons@10 star@10  stripe@10 collar@9 lapel@9  band@10  hem@13
.......g .......g   .......g ........  ......gg .....ddd ........ ...ddddd
......gg ........   ......gg ....dddd  .......g ......dd ....gggg --------
.......g .......g   -------- --------  -------- -------- -------- --------
""")

SHOULDERS = read_sheet("""
pads@9   spikes@8 leather@9
.ggg.... ..g..... ..ddd...
.gg..... .ggg.... ..d.....
""")
