"""Food and drink, and what is strewn, poured or stuck on it.

Materials: ``a`` the food itself, ``b`` its second colour (crust, flesh, filling), ``c`` its third
(topping, seeds), ``d`` stalk or vessel, ``e`` leaf or liquid.
"""

from __future__ import annotations

from spritelab.data.builtin.canvas import read_sheet

DISHES = read_sheet("""
apple@3 cherries@2 drumstick@2 steak@3 bread@4
...aaa....aaa... ................ .......aaaa..... ...aaaaaa....... ......aaaaaa....
..aaaaaDaaaaaa.. ......ddddd..... .....aaaaaaaa... ..aabbbbaaaaa... ...aaaaaaaaaaa..
.aaaaaaaaaaaaaa. .....dd...d..... ....aaaaaaaaaa.. .aabbbbbbbbbaaa. .aaaabaaaabaaaa.
.aa4aaaaaaaaaaa. ....dd....d..... ....aaaaaaaaaa.. .abbbbccbbbbbba. .aaabaaaabaaaaa.
.a44aaaaaaaaaaa. ....d.....dd.... ....aaaaaaaaaa.. .abbbccwcbbbbba. .aabaaaabaaaaaa.
.a4aaaaaaaaaaaa. ...d......dd.... ....aaaaaaaaaa.. .abbbcwwcbbbbba. .aaaaaabaaaaaaa.
.aaaaaaaaaaaaaa. ..aaaa.....d.... .....aaaaaaaa... .aabbbccbbbbbaa. .aaaaaaaaaaaaaa.
..aaaaaaaaaaaa.. .aaaaaa..aaaa... ....bbaaaaaa.... ..aabbbbbbbbaa.. ..aaaaaaaaaaaa..
..aaaaaaaaaaaa.. .a4aaaa.aaaaaa.. ...bbb.aaa...... ...aaabbbbaaa... ...aaaaaaaaaa...
...aaaaaaaaaa... .a4aaaa.a4aaaaa. .ebbb........... .....aaaaaa..... ----------------
....aaaa.aaa.... .aaaaaa.a4aaaaa. .eeb............ ................ ----------------
................ ..aaaa..aaaaaaa. ..ee............ ................ ----------------
................ .........aaaaa.. ................ ................ ----------------

cheese@3         carrot@1         mushroom@2 cake@2           cupcake@1 egg@2    burger@3 pizza@2  cone@1
................ ..........e.e... ....aaaa   .........cc..... ......cc  ......aa ....aaaa .aaaaaaa ....bbbb
.........aaa.... .......ee.ee.ee. ..aaaaaa   ........ccc..... .....bbb  .....aaa ..aaaaaa .aaaaaaa ...bbbbb
......aaaaaaa... ......eeeeeee.e. .aaaaaaa   ......bbbcbb.... ....bbbb  ....aaaa .aaaaaaa .bbbbbbb ...bbbbb
...aaaaaaaaaaa.. .......eeeeeee.. .aaaaaaa   ...bbbbbbbbbbb.. ...bbbbb  ...aaaaa .aaaaaaa .bbccbbb ..bbbbbb
.aaaaaaaaaaaaaa. .....aaaaaeeee.. .aaaaaaa   .bbbbbbbbbbbbbb. ..bbbbbb  ...aaaaa .cecccec .bbccbbb ..bbbbbb
.bbbbbbbbbbbbbb. ....aaaaaaaeee.. .AAAAAAA   .ababbabbbbabba. ..bbbbbb  ..aaaaaa .ddddddd ..bbbbbb ..bbbbbb
.bbbBbbbbbbBBbb. ....aaAaaaaae... ...AbbbA   .aaaaaaaaaaaaaa. ..aaAaaA  ..aaaaaa .ddddddd ..bbbbbc ...aaaaa
.bbbbbbBbbbBBbb. ...aaaaaaaaaa... ....bbbb   .cccccccccccccc. ..aaAaaA  ..aaaaaa .bbebbbb ...bbbbc ...aaAaa
.bbbbbbbbbbbbbb. ...aaaaaAaaa.... ....bbbb   .aaaaaaaaaaaaaa. ...aAaaA  ..aaaaaa .aaaaaaa ...bbbbb ....aaAa
.bbBBbbbbBbbbbb. ..aaAaaaaaa..... ....bbbb   .aaaaaaaaaaaaaa. ...aAaaA  ..aaaaaa ..aaaaaa ....bbbb .....aaA
.bbBBbbbbbbbbbb. ..aaaaaaa....... .....bbb   ..aaaaaaaaaaaa.. ....aaaa  ...aaaaa -------- .....bbb ......aa
................ .aaaaA.......... --------   ................ --------  .....aaa -------- ......bb .......a
................ .aaa............ --------   ................ --------  -------- -------- ........ --------
................ .a.............. --------   ................ --------  -------- -------- -------- --------

grapes@1         banana@2         melon@4          donut@3          berry@2  pear@1           citrus@3
.......dd....... .ddd............ .aa..........aa. .....aaaaaa..... ..e..e.e .........dd..... .....aaaaaa.....
..eee..d........ .dda............ .abbbbbbbbbbbba. ...aaaaaaaaaa... ..eeeeee ........d....... ...aaaaaaaaaa...
..eeee.d........ ..aaa........... .abcbbcbbcbbcba. ..aaaaaaaaaaaa.. .aaaeeae .......dd....... ..aaaaaaaaaaaa..
...aaeaaaaaa.... ..aaaa.......... .abbbbbbbbbbbba. .aaaaaaaaaaaaaa. .aacaaac ......aaaa...... ..aa4aaaaaaaaa..
..a4aaa4aaa4aa.. ..aaaaa......... .aabbcbbcbbcbaa. .aaaaaaaaaaaaaa. .aaaaaaa .....aaaaaa..... .aa44aaaaaaaaaa.
..aaaAaaaAaaAa.. ..aaaaaa........ ..abbbbbbbbbba.. .aaaaa____aaaaa. .aaacaaa .....aaaaaa..... .aa4aaaaaaaaaaa.
..aAAaAAAaAAAa.. ...aaaaaaa...... ..aabbbcbbbbaa.. .aaaa______aaaa. ..aaaaac .....a4aaaa..... .aaaaaaaaaaaaaa.
...aaa4aaa4aa... ...aaaaaaaaaa... ...aabbbbbbaa... .abbaa____aabba. ..aacaaa ....a4aaaaaa.... .aaaaaaaaaaaaaa.
...aAaaaAaaaA... ....aaaaaaaaaa.. ....aaaaaaaa.... .bbbbbaaaabbbbb. ...aaaaa ...aa4aaaaaaa... .aaaaaaaaaaaaaa.
....AaAAaaAA.... .....aaaaaaaad.. ......aaaa...... ..bbbbbbbbbbbb.. ...aacaa ...aaaaaaaaaa... ..aaaaaaaaaaaa..
....a4aaa4aa.... .......aaaaadd.. ................ ...bbbbbbbbbb... ....aaaa ...aaaaaaaaaa... ...aaaaaaaaaa...
.....aaAaaA..... ................ ................ .....bbbbbb..... .....aac ...aaaaaaaaaa... .....aaaaaa.....
......A4aA...... ................ ................ ................ ......aa ....aaaaaaaa.... ................
.......aa....... ................ ................ ................ -------- ......aaaa...... ................

sushi@4 candy@4 lollipop@1 bowl@3 bottle@1 mug@2 corn@1 aubergine@1
..bbbbbb .aa..........aa. ......aaaa...... .....cc...cc.... .....ddd ................ .......aa....... ...........d....
.bbbbbbb .aaa.aaaaa..aaa. ....aabbbaaa.... ....ccc.cccc.... .....ddd ..wwwwwwwww..... ......aaaa...... .........ddd....
.bbbbbbb .aaaabbbaaaaaa.. ...aabbaaabba... ..eeeeeeeeeeee.. ......aa .wwwwwwwwwww.... .....aaAaaa..... ........eedee...
.bbbbbbb ..aabbbaaabba... ...abaaaaaaba... .aeeeeeeeeeeeea. ......aa .wwwwwwwwwwwddd. .....aAaaAa..... .......aaeeeae..
..wwwwwc ..aabbaaabbba... ..abbaabbaaabb.. .aaaaaaaaaaaaaa. .....aaa .dddddddddddd.d. .....aaaAaa..... ......aaaaaeaa..
.wwwwwwc ..aabaaabbbba... ..abaabaabaaba.. .abbbaaabbbaaaa. ....aaaa .deeedeeeded..d. .....aAaaAa..... .....aaaaaaaaaa.
.wwwwwwc ..aaaaabbbbaaa.. ..abaabaaabaab.. .aabbbaaabbbaaa. ...aeeee .deeedeeeded..d. ..d..aaAaaa..d.. ....aa4aaaaaaaa.
.wwwwwwc ..aaaabbbbaaaaa. ...abbaaabbaa... ..aaaaaaaaaaaa.. ...eeeee .deeedeeeded..d. ..dd.aAaaAa.dd.. ...aa4aaaaaaaa..
..wwwwwc .aaa.aaaaa.aaaa. ...aabbbbbaaa... ...aaaaaaaaaa... ..eeeeee .deeedeeededdd.. ..ddeaaaAaaedd.. ..aaa4aaaaaaa...
-------- .aa..........aa. ....aaaaaaaa.... .....aaaaaa..... ..eeeeee .deeedeeeded.... ...ddeaaAaeed... ..aa4aaaaaaa....
-------- ................ ......aaaa...... .....dddddd..... ..eeeeee .ddddddddddd.... ...ddeeaaeedd... ..aaaaaaaaa.....
-------- ................ .......dd....... ................ ..eeeeee .ddddddddddd.... ....ddeeeedd.... ..aaaaaaa.......
-------- ................ .......dd....... ................ ...eeeee ................ .....dddddd..... ...aaaa.........
-------- ................ .......dd....... ................ -------- ................ .......dd....... ................

fish@4 pie@4 pudding@3 jar@2 hotdog@5 sandwich@4 skewer@1 croissant@4
................ ......bbbb...... ......cc ...ddddd ................ .aaaaaaaaaaaaaa. ............dd.. .......aaaa.....
.....bbb........ ....bbbbbbbb.... .....bbb ...ddddd ..aaaaaaaaaaaa.. .aaaaaaaaaaaaaa. ..........aadd.. .....aaaAaaaa...
...aaaaaaa...b.. ..bbbbAbbAbbbb.. ....bbbb ....aaaa .aaaaaaaaaaaaaa. .eceeceeeceecee. .........aaaa... ....aAaaAaaAaa..
..aaaaaaaaa.bbb. .bbbbAbbAbbbbbb. ....bbbb ..aeeeee .bbcbbbbcbbbbcb. ..ccccccccccccc. .......bbaaa.... ...aaAaaAaaAaaa.
.awkaaaaaaaabbb. .bbbbbbbbbbbbbb. ....abab ..eeeeee .bcbbbcbbcbbcbb. .bbbbbbbbbbbbbb. ......bbbba..... ..AaaaaaaaaaAaa.
.akkaaaaaaaabb.. .BbbBbbBBbbBbbB. ...aaaaa ..eeeeee .bbbbbbbbbbbbbb. .dddddddddddddd. ......bbbb...... .aaAaaaaaaaaaAa.
.aaaaabaaaaabbb. .aaaaaaaaaaaaaa. ...aaaaa ..eeeeee .aaaaaaaaaaaaaa. .aaaaaaaaaaaaaa. ....aaabb....... .aaaAaa..aaaaaa.
.kaaaabbaaa.bbb. .adaaddaaddaada. ..aaaaaa ..eeeeee ..aaaaaaaaaaaa.. ..aaaaaaaaaaaa.. ...aaaaa........ .aaaaa.....aaaa.
..aaaabaaa...bb. ..aaaaaaaaaaaa.. ..aaaaaa ..eeeeee ................ ................ ...aaaa......... .aaaa......aaaa.
....aaaaa....... ...aaaaaaaaaa... ..aaaaaa ..eeeeee ................ ................ .dd.aa.......... ..aa........aa..
.....bb......... ................ .ddddddd ...eeeee ................ ................ .dd............. ----------------
""")

LEAVES = read_sheet("""
stalk@1  leaf@0           twig@1           sprig@0          crown@1
.......d .......dee...... ........dd...... .....e....e..... .......e
.......d .......deee..... .......dd....... ......ee.ee..... .....e.e
.......d .......d.e...... .......d........ .......de....... ....eeee
""")

TOPPINGS = read_sheet("""
sprinkles        seeds            stripes          spots            swirl            drip
...c....c....c.. ................ cc....cc....cc.. ................ cccccc.......... cccccccccccccccc
.....c.....c.... ..c....c....c... .cc....cc....cc. ..cc.....cc..... ......ccccc..... cccccccccccccccc
..c.....c....... ................ ..cc....cc....cc ..cc.....cc..... ...........ccccc cccccccccccccccc
.......c...c..c. ....c....c....c. c..cc....cc....c ......cc.....cc. ................ cccccccccccccccc
.c...c.......... ................ cc..cc....cc.... ......cc.....cc. ccccc........... cccccccccccccccc
........c..c.... ..c....c....c... .cc..cc....cc... ..cc.......c.... .....ccccccc.... cc.ccc.cccc.cccc
...c.......c.c.. ................ ..cc..cc....cc.. .cccc...cc...... ............cccc cc.cc...cc..cc.c
.c....c.c....... ....c....c....c. ...cc..cc....cc. ..cc....cc...... ................ .c.c.....c...c..
....c......c..c. ................ c...cc..cc....cc ..........ccc... cccc............ .c..............
..c....c........ ..c....c....c... cc...cc..cc....c ...cc......c.... ....cccccc...... ................
.....c....c..c.. ................ .cc...cc..cc.... ...cc........... ..........cccc.. ................
.c.......c...... ....c....c....c. ..cc...cc..cc... .........cc..... ..............cc ................
....c.......c... ................ ...cc...cc..cc.. .cc......cc..... ................ ................
.......c..c..... ..c....c....c... ....cc...cc..cc. .cc..cc......... ................ ................
................ ................ ................ ................ ................ ................
................ ................ ................ ................ ................ ................
""")
