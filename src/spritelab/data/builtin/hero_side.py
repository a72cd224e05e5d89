"""Parts of a hero seen from the side, facing left, and what the hero holds.

Materials as in ``hero_front``; besides them ``m`` is a weapon's head or blade, ``n`` its handle,
``o`` what glows on it.
"""

from __future__ import annotations

from spritelab.data.builtin.canvas import read_sheet

HEADS = read_sheet("""
head@2,5
..sssssss
.ssssssss
.ssssssss
.ssssssss
sssssssss
.ssssssss
..ssssss.
""")

EARS = read_sheet("""
elf@4,10 goblin@4,10 cat@0,8 bear@1,9 horns@0,8 bunny@0,9 antenna@0,9 round@5,10
..s      ...s        s...s   sss      g..       .ss       g.          Ss
Sss      Ssss        ss.ss   sSs      gg.       .Ss       G.          Ss
Ss.      Sss.        sSssS   sSs      .gg       .Ss       G.          --
""")

EYES = read_sheet("""
stern@4,7 tall@5,8 bright@5,8 wide@5,7 sly@5,7 glow@5,8 sockets@5,7 visor@5,6 dots@6,8 sleepy@6,7
SS        k        w          ww       kk      g        kk          kkkkk     k        kk
.k        k        k          kw       .k      g        kk          kggkk     -        --
.k        -        -          --       --      -        --          -----     -        --
""")

MOUTHS = read_sheet("""
muzzle@6,4 fangs@7,7 beak@6,4 snout@6,4 small@8,7 smile@8,7 tusks@7,7 teeth@8,6
kww        k         ggg      kss       S         SS        w         kSkS
.ww        w         .gg      sSs       -         --        -         ----
""")

HAIR = read_sheet("""
long@1,6  afro@0,5   bob@1,6   short@1,6 fringe@1,6 spiky@0,6 buns@1,6  curls@1,6 parted@1,6
.hhhhhh.. ..hhhhhh.. .hhhhhh.. .hhhhhh.. .hhhhhh..  h.h..h... .hhhhh.hh .hhhhhh.. .hhhhhh..
hhhhhhhh. .hhhhhhhh. hhhhhhhh. hhhhhhhh. hhhhhhhh.  hhhhhhhh. hhhhhhhhh hhhhhhhhh hhhhhhhh.
hhhhhhhhh hhhhhhhhhh hhhhhhhhh hhhhhhhhh hhhhhhhhh  hhhhhhhhh hhhhhhhhh hhhhhhhhh hhhhhhhhh
..hhhhhhh hhhhhhhhhh hhhhhhhhh ...hhhhhh hhhhhhhhh  hhhhhhhh. ..hhhhhh. hhhhhhhhh ...hhhhhh
....hhhhh ..hhhhhhhh ...hhhhhh ....hhhhh hh.hhhhhh  .h.hhhhhh ....hhhh. ..hhhhhhh .....hhhh
.....hhhh ...hhhhhhh ....hhhhh .....h.hh .....h.hh  ....hhhh. .....h.h. ....hhhhh .....h.hh
.....hhhh ....hhhhhh ....hhhhh .......h. .......h.  .....h.hh .......h. .....hhh. .......h.
.....hhhh .....hhhh. ....hhhh. --------- ---------  --------- --------- --------- ---------
......hhh ---------- --------- --------- ---------  --------- --------- --------- ---------
......hh. ---------- --------- --------- ---------  --------- --------- --------- ---------

swept@1,5  mohawk@0,6 tuft@0,8
..hhhhhh.. .hhhhh...  ..hh
.hhhhhhhh. hhhhhhhh.  .hhh
hhhhhhhhhh ....hhhhh  hhh.
hhhhhhhhhh .......hh  ----
.h..hhhhhh .......hh  ----
.....h.hhh ........h  ----
.......hh. ---------  ----
""")

BEARDS = read_sheet("""
long@6,6 braided@6,6 full@6,6 goatee@7,6 stubble@7,7 moustache@7,6
.....h   .....h      .....h   hh...      ......      hhh
hhhhhh   hhhhhh      hhhhhh   hh...      SSSSS.      ---
kkhhhh   kkhhh.      kkhhh.   -----      ------      ---
hhhhh.   hhhh..      hhhh..   -----      ------      ---
hhhh..   hhh...      .hh...   -----      ------      ---
.hhh..   .gg...      ------   -----      ------      ---
.hh...   .h....      ------   -----      ------      ---
""")

HATS = read_sheet("""
knight@1,5 crested@0,6 hood@1,6  ninja@1,6 horned@0,6 bucket@1,6 earflaps@1,5 feathered@0,4
.aaaaaa..  ..bbbbbb.   ..aaaaa.. .aaaaaa.. .bb......  aaaaaaaa.  .aaaaaaa..   ........bb.
aaaaaaaa.  .aaabbbbb   .aaaaaaa. aaaaaaaa. bb.aaaa..  aaaaaaaa.  .aaaaaaaa.   .......bb..
aaaaaaaaa  aaaaaaabb   aaaaaaaa. aaaaaaaaa bbaaaaaa.  aaaaaaaa.  .aaaaaaaaa   ...aaaabb..
aaaaaaaaa  aaaaaaabb   aAaaaaaaa bbbbbbbbb .aaaaaaaa  kkkaaaaa.  bbbbbbbbbb   ..aaaabbaa.
kkkkaaaaa  bbbbbbbbb   ..Aaaaaaa .......aa aaaaaaaaa  kkkaaaaa.  .....bbbb.   .aaaaaaaaaa
aaaaaaaaa  .....aaa.   ...Aaaaaa ......aaa ..Aaaaaaa  aaaaaaaa.  .....bbbb.   aaaabbbbbb.
aAaAaaaaa  .....aa..   ...aaaaaa aaaaaaaaa ...aaaaaa  AaAaaaaa.  .....bbb..   -----------
.aaaaaaa.  ....aaa..   ..aaaaaa. .aaaaaaa. ....aaaa.  .aaaaaa..  ----------   -----------

witch@0,3    wizard@0,3   viking@0,6 turban@0,5 tricorn@1,4 beanie@0,6 tophat@0,4  mitre@0,6
.......aaa.. ........aa.. g........  ..aaaaaa.. .....aaaa.. ...bbb...  ..aaaaaaa.. ....bb...
.....aaaa... ......aaaa.. gg.aaaa..  .aaaaaaaa. ...aaaaaaa. ..aaaaa..  ..aaaaaaa.. ...aaba..
....aaaaa... .....aaaaa.. .ggaaaaa.  .aaAAaaaaa .aaaaaaaaaa .aaaaaaa.  ..aaaaaaa.. ..aabbba.
....aaaaaa.. ...bbbbbbbb. ..gaaaaaa  .gAaaAAaaa aaaawaaaaaa aaaaaaaaa  ..bbbbbbb.. ..aaabaa.
...bbbbbbb.. aaaaaaaaaaaa bbbbbbbbb  .aaaaaaAa. .bbbbbbbbb. bbbbbbbbb  aaaaaaaaaaa ..bbbbbb.
aaaaaaaaaaaa ------------ ---------  ---------- ----------- ---------  ----------- ---------

straw@1,3    bandana@2,6 fez@0,6   jester@0,5 cap@1,3    brimmed@1,3  crown@1,6 headband@3,6
.....aaa.... .aaaaaa..   ......... g.......g  ...aaaaa.. ....aaaaa... b..b..b.  aaaaaaaa.
...aaaaaaa.. aaaaaaaa.   ..aaaaa.. aa.....aa  ..aaaaaaa. ...aaaaaaa.. bbbbbbbb  .......aa
.aaaaaaaaaa. aaaaaaaaa   ..aaaaaa. aaaaabbbb  ..aaaaaaaa ...bbbbbbb.. bgbbgbbg  ........a
aaaaaaaaaaaa .......aa   ..aaaaaa. .aaaabbbb  bbbbbbbbb. aaaaaaaaaaaa --------  ---------
AAAAAAAAAAAA .......a.   ..bbbbbb. .bbbbbbbb  ---------- ------------ --------  ---------

wreath@2,6 circlet@3,6
bgbbgbbb.  gbbbbbbb.
bbbbbbbbb  ---------
""")

CAPES = read_sheet("""
cape@9,8
.fff...
..fff..
..fff..
...fff.
...fff.
...ff..
""")

BODIES = read_sheet("""
tunic@9,6 robe@9,6 plate@9,6 vest@9,6 coat@9,6 overalls@9,6 gown@9,6 fur@9,6 sash@9,6 mail@9,6
.cccccc   .cccccc  .cccggg   .cccscc  .dcccc.  .dcdcdd      .cccscc  .dddddd .cccdcc  .cccccc
ccccccc   ccccccc  gccgggg   dccsscc  ddccccc  cccdddc      cccsscc  ddddddd dccccdc  cdcdcdc
ccccccc   dcccccc  gccccgc   dccsscc  dCccccc  ccccccc      cccsscc  cdcdcdc ddccccc  dcdcdcd
ddddddd   ddddddd  ddddddd   ddddddd  dCccccc  gcccccc      ddddddd  ccccccc ddddddd  ddddddd
.llLlll   dcccccc  .llLlll   .llLlll  lCccccc  .ccCccc      ccccccc  .llLlll .llLlll  .llLlll
eeE_eee   dcccccc  eeE_eee   eeE_eee  eeE_eee  eeE_eee      ccccccc  eeE_eee eeE_eee  eeE_eee
""")

ARMS = read_sheet("""
sleeve@10,4 bare@10,4 mailed@10,4
...ccc.     ...sss.   ...ggg.
zzcccC.     zzsssS.   zzgggG.
.CCCC..     .SSSS..   .GGGG..
""")

CHESTS = read_sheet("""
cross@10,6 lapel@9,6 star@10,6 stripe@10,6 buttons@10,6 hem@13,6 collar@9,6 band@10,6
g          ddd       g         dd..ddd     g            dddddd   ggg        gg..ggg
g          d..       -         -------     -            ------   ---        -------
""")

SHOULDERS = read_sheet("""
pads@9,8 spikes@8,9 leather@9,8
.ggg     g..        .ddd
ggg.     ggg        ddd.
""")

WEAPONS = read_sheet("""
staff@1,1 spear@1,1 trident@1,1 halberd@1,1 scythe@2,1 sword@2,1 sabre@3,1 axe@3,1 hammer@3,1
.oo..     ..m..     m.m.m       ..m..       .mmm.      .m...     m....     mm.n.   mmm..
.oo..     .mmm.     m.m.m       mmm..       m..n.      .mm..     mm...     mmmn.   mmmn.
m.nm.     .mmm.     mmmmm       mmmn.       ...n.      .mm..     mm...     mmmn.   mmmn.
mmnm.     ..n..     ..n..       mm.n.       ...n.      .mm..     .mm..     mm.n.   ...n.
..n..     ..n..     ..n..       ...n.       ...n.      .mm..     .mm..     ...n.   ...n.
..n..     ..n..     ..n..       ...n.       ...n.      ..mm.     ..mm.     ...n.   ...n.
..n..     ..n..     ..n..       ...n.       ...n.      ..mm.     ..mm.     ...n.   ...n.
...n.     ..n..     ..n..       ...n.       ...n.      ggmg.     .ggmg     ...n.   ...n.
...n.     ...n.     ...n.       ...n.       ...n.      ..ng.     ...n.     ...n.   ...n.
...n.     ...n.     ...n.       ...n.       ...n.      ...n.     ...g.     ...n.   ...n.
...n.     ...n.     ...n.       ...n.       ...n.      -----     -----     -----   -----
...n.     ...n.     ...n.       ...n.       -----      -----     -----     -----   -----

bow@3,1 greatsword@1,1 sceptre@2,1 pick@3,1 torch@3,1 dagger@4,1 mace@3,1 club@3,1 wand@4,1
..mn.   .mm..          .oo..       .mmm.    .o...     .....      .mm..    .nn..    .o...
.m.n.   .mm..          oooo.       m.nn.    .oo..     .....      mmmm.    nnnn.    ooo..
m..n.   .mm..          .oo..       m..n.    ooo..     .m...      mmmm.    nnnn.    .on..
m..n.   .mm..          .mm..       ...n.    .oo..     .mm..      .mmn.    nnnn.    ..n..
m..n.   .mm..          ..n..       ...n.    .nn..     .mm..      ...n.    .nnn.    ..n..
m..n.   .mm..          ..n..       ...n.    ..n..     .mm..      ...n.    ..nn.    ...n.
m..n.   .mm..          ..n..       ...n.    ..n..     ggg..      ...n.    ...n.    ...n.
m..n.   gmmgg          ...n.       ...n.    ...n.     ..n..      ...n.    ...n.    -----
.m.n.   ..nn.          ...n.       ...n.    ...n.     ...n.      ...n.    ...n.    -----
..mn.   ...g.          ...n.       ...n.    -----     -----      -----    -----    -----
""")
