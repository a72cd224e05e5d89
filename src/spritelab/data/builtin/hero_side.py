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
round@5,10 elf@4,10 goblin@4,10 cat@0,8 bear@1,9 horns@0,8 bunny@0,9 antenna@0,9
Ss         ..s      ...s        s...s   sss       g..       .ss       g.
Ss         Sss      Ssss        ss.ss   sSs       gg.       .Ss       G.
--         Ss.      Sss.        sSssS   sSs       .gg       .Ss       G.
""")

EYES = read_sheet("""
tall@5,8 dots@6,8 bright@5,8 stern@4,7 wide@5,7 sly@5,7 glow@5,8 sockets@5,7 visor@5,6 sleepy@6,7
k        k        w          SS        ww       kk      g        kk          kkkkk     kk
k        -        k          .k        kw       .k      g        kk          kggkk     --
-        -        -          .k        --       --      -        --          -----     --
""")

MOUTHS = read_sheet("""
small@8,7 smile@8,7 tusks@7,7 teeth@8,6 muzzle@6,4 fangs@7,7 beak@6,4 snout@6,4
S         SS        w         kSkS      kww        k         ggg      kss
-         --        -         ----      .ww        w         .gg      sSs
""")

HAIR = read_sheet("""
short@1,6 fringe@1,6 long@1,6  spiky@0,6 afro@0,5   bob@1,6   mohawk@0,6 buns@1,6  curls@1,6 parted@1,6 tuft@0,8 swept@1,5
.hhhhhh.. .hhhhhh..  .hhhhhh.. h.h..h... ..hhhhhh.. .hhhhhh.. .hhhhh...  .hhhhh.hh .hhhhhh.. .hhhhhh..  ..hh     ..hhhhhh..
hhhhhhhh. hhhhhhhh.  hhhhhhhh. hhhhhhhh. .hhhhhhhh. hhhhhhhh. hhhhhhhh.  hhhhhhhhh hhhhhhhhh hhhhhhhh.  .hhh     .hhhhhhhh.
hhhhhhhhh hhhhhhhhh  hhhhhhhhh hhhhhhhhh hhhhhhhhhh hhhhhhhhh ....hhhhh  hhhhhhhhh hhhhhhhhh hhhhhhhhh  hhh.     hhhhhhhhhh
...hhhhhh hhhhhhhhh  ..hhhhhhh hhhhhhhh. hhhhhhhhhh hhhhhhhhh .......hh  ..hhhhhh. hhhhhhhhh ...hhhhhh  ----     hhhhhhhhhh
....hhhhh hh.hhhhhh  ....hhhhh .h.hhhhhh ..hhhhhhhh ...hhhhhh .......hh  ....hhhh. ..hhhhhhh .....hhhh  ----     .h..hhhhhh
.....h.hh .....h.hh  .....hhhh ....hhhh. ...hhhhhhh ....hhhhh ........h  .....h.h. ....hhhhh .....h.hh  ----     .....h.hhh
.......h. .......h.  .....hhhh .....h.hh ....hhhhhh ....hhhhh .........  .......h. .....hhh. .......h.  ----     .......hh.
......... .........  .....hhhh ......... .....hhhh. ....hhhh. .........  ......... ......... .........  ----     ..........
......... .........  ......hhh ......... .......... ......... .........  ......... ......... .........  ----     ..........
......... .........  ......hh. ......... .......... ......... .........  ......... ......... .........  ----     ..........
""")

BEARDS = read_sheet("""
moustache@7,6 goatee@7,6 full@6,6 long@6,6 braided@6,6 stubble@7,7
hhh           hh...      .....h   .....h   .....h      ......
---           hh...      hhhhhh   hhhhhh   hhhhhh      SSSSS.
---           .....      kkhhh.   kkhhhh   kkhhh.      ......
---           .....      hhhh..   hhhhh.   hhhh..      ......
---           .....      .hh...   hhhh..   hhh...      ......
---           .....      ......   .hhh..   .gg...      ......
---           .....      ......   .hh...   .h....      ......
""")

HATS = read_sheet("""
cap@1,3    brimmed@1,3  wizard@0,3   knight@1,5 viking@0,6 crested@0,6 hood@1,6  crown@1,6
...aaaaa.. ....aaaaa... ........aa.. .aaaaaa..  g........  ..bbbbbb.   ..aaaaa.. b..b..b.
..aaaaaaa. ...aaaaaaa.. ......aaaa.. aaaaaaaa.  gg.aaaa..  .aaabbbbb   .aaaaaaa. bbbbbbbb
..aaaaaaaa ...bbbbbbb.. .....aaaaa.. aaaaaaaaa  .ggaaaaa.  aaaaaaabb   aaaaaaaa. bgbbgbbg
bbbbbbbbb. aaaaaaaaaaaa ...bbbbbbbb. aaaaaaaaa  ..gaaaaaa  aaaaaaabb   aAaaaaaaa --------
.......... ............ aaaaaaaaaaaa kkkkaaaaa  bbbbbbbbb  bbbbbbbbb   ..Aaaaaaa --------
.......... ............ ............ aaaaaaaaa  .........  .....aaa.   ...Aaaaaa --------
.......... ............ ............ aAaAaaaaa  .........  .....aa..   ...aaaaaa --------
.......... ............ ............ .aaaaaaa.  .........  ....aaa..   ..aaaaaa. --------

turban@0,5 ninja@1,6 tricorn@1,4 beanie@0,6 tophat@0,4  mitre@0,6 straw@1,3    bandana@2,6 horned@0,6 headband@3,6
..aaaaaa.. .aaaaaa.. .....aaaa.. ...bbb...  ..aaaaaaa.. ....bb... .....aaa.... .aaaaaa..   .bb......  aaaaaaaa.
.aaaaaaaa. aaaaaaaa. ...aaaaaaa. ..aaaaa..  ..aaaaaaa.. ...aaba.. ...aaaaaaa.. aaaaaaaa.   bb.aaaa..  .......aa
.aaAAaaaaa aaaaaaaaa .aaaaaaaaaa .aaaaaaa.  ..aaaaaaa.. ..aabbba. .aaaaaaaaaa. aaaaaaaaa   bbaaaaaa.  ........a
.gAaaAAaaa bbbbbbbbb aaaawaaaaaa aaaaaaaaa  ..bbbbbbb.. ..aaabaa. aaaaaaaaaaaa .......aa   .aaaaaaaa  .........
.aaaaaaAa. .......aa .bbbbbbbbb. bbbbbbbbb  aaaaaaaaaaa ..bbbbbb. AAAAAAAAAAAA .......a.   aaaaaaaaa  .........
.......... ......aaa ........... .........  ........... ......... ............ .........   ..Aaaaaaa  .........
.......... aaaaaaaaa ........... .........  ........... ......... ............ .........   ...aaaaaa  .........
.......... .aaaaaaa. ........... .........  ........... ......... ............ .........   ....aaaa.  .........

feathered@0,4 witch@0,3    fez@0,6   bucket@1,6 earflaps@1,5 wreath@2,6 circlet@3,6 jester@0,5
........bb.   .......aaa.. ......... aaaaaaaa. .aaaaaaa..     --------    --------     g.......g
.......bb..   .....aaaa... ..aaaaa.. aaaaaaaa. .aaaaaaaa.     bgbbgbbb.   gbbbbbbb.    aa.....aa
...aaaabb..   ....aaaaa... ..aaaaaa. aaaaaaaa. .aaaaaaaaa     bbbbbbbbb   --------     aaaaabbbb
..aaaabbaa.   ....aaaaaa.. ..aaaaaa. kkkaaaaa. bbbbbbbbbb     --------    --------     .aaaabbbb
.aaaaaaaaaa   ...bbbbbbb.. ..bbbbbb. kkkaaaaa. .....bbbb.     --------    --------     .bbbbbbbb
aaaabbbbbb.   aaaaaaaaaaaa ......... aaaaaaaa. .....bbbb.     --------    --------     .........
...........   ............ ......... AaAaaaaa. .....bbb..     --------    --------     .........
...........   ............ ......... .aaaaaa.. ..........     --------    --------     .........
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
tunic@9,6 robe@9,6 plate@9,6 vest@9,6 coat@9,6 overalls@9,6 gown@9,6 fur@9,6  sash@9,6 mail@9,6
.cccccc   .cccccc  .cccggg   .cccscc  .dcccc.  .dcdcdd      .cccscc  .dddddd  .cccdcc  .cccccc
ccccccc   ccccccc  gccgggg   dccsscc  ddccccc  cccdddc      cccsscc  ddddddd  dccccdc  cdcdcdc
ccccccc   dcccccc  gccccgc   dccsscc  dCccccc  ccccccc      cccsscc  cdcdcdc  ddccccc  dcdcdcd
ddddddd   ddddddd  ddddddd   ddddddd  dCccccc  gcccccc      ddddddd  ccccccc  ddddddd  ddddddd
.llLlll   dcccccc  .llLlll   .llLlll  lCccccc  .ccCccc      ccccccc  .llLlll  .llLlll  .llLlll
eeE_eee   dcccccc  eeE_eee   eeE_eee  eeE_eee  eeE_eee      ccccccc  eeE_eee  eeE_eee  eeE_eee
""")

ARMS = read_sheet("""
sleeve@10,4 bare@10,4 mailed@10,4
...ccc.     ...sss.   ...ggg.
zzcccC.     zzsssS.   zzgggG.
.CCCC..     .SSSS..   .GGGG..
""")

CHESTS = read_sheet("""
star@10,6 cross@10,6 stripe@10,6 buttons@10,6 hem@13,6 collar@9,6 lapel@9,6 band@10,6
g         g          dd..ddd     g            dddddd   ggg        ddd       gg..ggg
.         g          .......     .            ......   ...        d..       .......
""")

SHOULDERS = read_sheet("""
pads@9,8 spikes@8,9 leather@9,8
.ggg     g..        .ddd
ggg.     ggg        ddd.
""")

WEAPONS = read_sheet("""
sword@2,1 sabre@3,1 axe@3,1 staff@1,1 spear@1,1 hammer@3,1 torch@3,1 dagger@4,1 mace@3,1 bow@3,1  wand@4,1 trident@1,1 club@3,1 greatsword@1,1 halberd@1,1 sceptre@2,1 pick@3,1 scythe@2,1
.m...     m....     mm.n.   .oo..     ..m..     mmm..      .o...     .....      .mm..    ..mn.    .o...    m.m.m       .nn..    .mm..          ..m..       .oo..       .mmm.    .mmm.
.mm..     mm...     mmmn.   .oo..     .mmm.     mmmn.      .oo..     .....      mmmm.    .m.n.    ooo..    m.m.m       nnnn.    .mm..          mmm..       oooo.       m.nn.    m..n.
.mm..     mm...     mmmn.   m.nm.     .mmm.     mmmn.      ooo..     .m...      mmmm.    m..n.    .on..    mmmmm       nnnn.    .mm..          mmmn.       .oo..       m..n.    ...n.
.mm..     .mm..     mm.n.   mmnm.     ..n..     ...n.      .oo..     .mm..      .mmn.    m..n.    ..n..    ..n..       nnnn.    .mm..          mm.n.       .mm..       ...n.    ...n.
.mm..     .mm..     ...n.   ..n..     ..n..     ...n.      .nn..     .mm..      ...n.    m..n.    ..n..    ..n..       .nnn.    .mm..          ...n.       ..n..       ...n.    ...n.
..mm.     ..mm.     ...n.   ..n..     ..n..     ...n.      ..n..     .mm..      ...n.    m..n.    ...n.    ..n..       ..nn.    .mm..          ...n.       ..n..       ...n.    ...n.
..mm.     ..mm.     ...n.   ..n..     ..n..     ...n.      ..n..     ggg..      ...n.    m..n.    ...n.    ..n..       ...n.    .mm..          ...n.       ..n..       ...n.    ...n.
ggmg.     .ggmg     ...n.   ...n.     ..n..     ...n.      ...n.     ..n..      ...n.    m..n.    .....    ..n..       ...n.    gmmgg          ...n.       ...n.       ...n.    ...n.
..ng.     ...n.     ...n.   ...n.     ...n.     ...n.      ...n.     ...n.      ...n.    .m.n.    .....    ...n.       ...n.    ..nn.          ...n.       ...n.       ...n.    ...n.
...n.     ...g.     ...n.   ...n.     ...n.     ...n.      .....     .....      .....    ..mn.    .....    ...n.       .....    ...g.          ...n.       ...n.       ...n.    ...n.
.....     .....     .....   ...n.     ...n.     .....      .....     .....      .....    .....    .....    ...n.       .....    .....          ...n.       .....       .....    ...n.
.....     .....     .....   ...n.     ...n.     .....      .....     .....      .....    .....    .....    ...n.       .....    .....          ...n.       .....       .....    .....
""")
