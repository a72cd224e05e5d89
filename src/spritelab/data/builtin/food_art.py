"""Food and drink, and what is strewn, poured or stuck on it.

Materials: ``a`` the food itself, ``b`` its second colour (crust, flesh, filling), ``c`` its third
(topping, seeds), ``d`` stalk or vessel, ``e`` leaf or liquid.
"""

from __future__ import annotations

from spritelab.data.builtin.canvas import read_sheet

DISHES = read_sheet("""
carrot@1         grapes@1         pear@1           lollipop@1       corn@1
..........e.e... .......dd....... .........dd..... ......aaaa...... .......aa.......
.......ee.ee.ee. ..eee..d........ ........d....... ....aabbbaaa.... ......aaaa......
......eeeeeee.e. ..eeee.d........ .......dd....... ...aabbaaabba... .....aaAaaa.....
.......eeeeeee.. ...aaeaaaaaa.... ......aaaa...... ...abaaaaaaba... .....aAaaAa.....
.....aaaaaeeee.. ..a4aaa4aaa4aa.. .....aaaaaa..... ..abbaabbaaabb.. .....aaaAaa.....
....aaaaaaaeee.. ..aaaAaaaAaaAa.. .....aaaaaa..... ..abaabaabaaba.. .....aAaaAa.....
....aaAaaaaae... ..aAAaAAAaAAAa.. .....a4aaaa..... ..abaabaaabaab.. ..d..aaAaaa..d..
...aaaaaaaaaa... ...aaa4aaa4aa... ....a4aaaaaa.... ...abbaaabbaa... ..dd.aAaaAa.dd..
...aaaaaAaaa.... ...aAaaaAaaaA... ...aa4aaaaaaa... ...aabbbbbaaa... ..ddeaaaAaaedd..
..aaAaaaaaa..... ....AaAAaaAA.... ...aaaaaaaaaa... ....aaaaaaaa.... ...ddeaaAaeed...
..aaaaaaa....... ....a4aaa4aa.... ...aaaaaaaaaa... ......aaaa...... ...ddeeaaeedd...
.aaaaA.......... .....aaAaaA..... ...aaaaaaaaaa... .......dd....... ....ddeeeedd....
.aaa............ ......A4aA...... ....aaaaaaaa.... .......dd....... .....dddddd.....
.a.............. .......aa....... ......aaaa...... .......dd....... .......dd.......

cherries@2       berry@2  bottle@1 aubergine@1      cone@1   drumstick@2      egg@2    pizza@2
................ ..e..e.e .....ddd ...........d.... ....bbbb .......aaaa..... ......aa .aaaaaaa
......ddddd..... ..eeeeee .....ddd .........ddd.... ...bbbbb .....aaaaaaaa... .....aaa .aaaaaaa
.....dd...d..... .aaaeeae ......aa ........eedee... ...bbbbb ....aaaaaaaaaa.. ....aaaa .bbbbbbb
....dd....d..... .aacaaac ......aa .......aaeeeae.. ..bbbbbb ....aaaaaaaaaa.. ...aaaaa .bbccbbb
....d.....dd.... .aaaaaaa .....aaa ......aaaaaeaa.. ..bbbbbb ....aaaaaaaaaa.. ...aaaaa .bbccbbb
...d......dd.... .aaacaaa ....aaaa .....aaaaaaaaaa. ..bbbbbb ....aaaaaaaaaa.. ..aaaaaa ..bbbbbb
..aaaa.....d.... ..aaaaac ...aeeee ....aa4aaaaaaaa. ...aAaaA .....aaaaaaaa... ..aaaaaa ..bbbbbc
.aaaaaa..aaaa... ..aacaaa ...eeeee ...aa4aaaaaaaa.. ...AaAaa ....bbaaaaaa.... ..aaaaaa ...bbbbc
.a4aaaa.aaaaaa.. ...aaaaa ..eeeeee ..aaa4aaaaaaa... .....aAa ...bbb.aaa...... ..aaaaaa ...bbbbb
.a4aaaa.a4aaaaa. ...aacaa ..eeeeee ..aa4aaaaaaa.... .....AaA .ebbb........... ..aaaaaa ....bbbb
.aaaaaa.a4aaaaa. ....aaaa ..eeeeee ..aaaaaaaaa..... ......Aa .eeb............ ...aaaaa .....bbb
..aaaa..aaaaaaa. .....aac ..eeeeee ..aaaaaaa....... ......aA ..ee............ .....aaa ......bb
.........aaaaa.. ......aa ...eeeee ...aaaa......... .......a ---------------- -------- --------

donut@3          citrus@3         mug@2            apple@3          cheese@3         mushroom@2
.....aaaaaa..... .....aaaaaa..... ................ ...aaa....aaa... ................ ....aaaa
...aaaaaaaaaa... ...aaaaaaaaaa... ..wwwwwwwww..... ..aaaaaDaaaaaa.. .........aaa.... ..aaaaaa
..aaaaaaaaaaaa.. ..aaaaaaaaaaaa.. .wwwwwwwwwww.... .aaaaaaaaaaaaaa. ......aaaaaaa... .aaaaaaa
.aaaaaaaaaaaaaa. ..aa4aaaaaaaaa.. .wwwwwwwwwwwddd. .aa4aaaaaaaaaaa. ...aaaaaaaaaaa.. .aaaaaaa
.aaaaaaaaaaaaaa. .aa44aaaaaaaaaa. .dddddddddddd.d. .a44aaaaaaaaaaa. .aaaaaaaaaaaaaa. .aaaaaaa
.aaaaa____aaaaa. .aa4aaaaaaaaaaa. .deeedeeeded..d. .a4aaaaaaaaaaaa. .bbbbbbbbbbbbbb. .AAAAAAA
.aaaa______aaaa. .aaaaaaaaaaaaaa. .deeedeeeded..d. .aaaaaaaaaaaaaa. .bbbBbbbbbbBBbb. ...AbbbA
.abbaa____aabba. .aaaaaaaaaaaaaa. .deeedeeeded..d. ..aaaaaaaaaaaa.. .bbbbbbBbbbBBbb. ....bbbb
.bbbbbaaaabbbbb. .aaaaaaaaaaaaaa. .deeedeeededdd.. ..aaaaaaaaaaaa.. .bbbbbbbbbbbbbb. ....bbbb
..bbbbbbbbbbbb.. ..aaaaaaaaaaaa.. .deeedeeeded.... ...aaaaaaaaaa... .bbBBbbbbBbbbbb. ....bbbb
...bbbbbbbbbb... ...aaaaaaaaaa... .ddddddddddd.... ....aaaa.aaa.... .bbBBbbbbbbbbbb. .....bbb
.....bbbbbb..... .....aaaaaa..... .ddddddddddd.... ---------------- ---------------- --------

cake@2           cupcake@1 banana@2         bowl@3           fish@4           pudding@3 jar@2
.........cc..... ......cc  .ddd............ .....cc...cc.... ................ ......cc  ...ddddd
........ccc..... .....bbb  .dda............ ....ccc.cccc.... .....bbb........ .....bbb  ...ddddd
......bbbcbb.... ....bbbb  ..aaa........... ..eeeeeeeeeeee.. ...aaaaaaa...b.. ....bbbb  ....aaaa
...bbbbbbbbbbb.. ...bbbbb  ..aaaa.......... .aeeeeeeeeeeeea. ..aaaaaaaaa.bbb. ....bbbb  ..aeeeee
.bbbbbbbbbbbbbb. ..bbbbbb  ..aaaaa......... .aaaaaaaaaaaaaa. .awkaaaaaaaabbb. ....abab  ..eeeeee
.ababbabbbbabba. ..bbbbbb  ..aaaaaa........ .abbbaaabbbaaaa. .akkaaaaaaaabb.. ...aaaaa  ..eeeeee
.aaaaaaaaaaaaaa. ..aaAaaA  ...aaaaaaa...... .aabbbaaabbbaaa. .aaaaabaaaaabbb. ...aaaaa  ..eeeeee
.cccccccccccccc. ..aaAaaA  ...aaaaaaaaaa... ..aaaaaaaaaaaa.. .kaaaabbaaa.bbb. ..aaaaaa  ..eeeeee
.aaaaaaaaaaaaaa. ...aAaaA  ....aaaaaaaaaa.. ...aaaaaaaaaa... ..aaaabaaa...bb. ..aaaaaa  ..eeeeee
.aaaaaaaaaaaaaa. ...aAaaA  .....aaaaaaaad.. .....aaaaaa..... ....aaaaa....... ..aaaaaa  ..eeeeee
..aaaaaaaaaaaa.. ....aaaa  .......aaaaadd.. .....dddddd..... .....bb......... .ddddddd  ...eeeee

skewer@1         steak@3          burger@3 melon@4          candy@4          pie@4
............dd.. ...aaaaaa....... ....aaaa .aa..........aa. .aa..........aa. ......bbbb......
..........aadd.. ..aabbbbaaaaa... ..aaaaaa .abbbbbbbbbbbba. .aaa.aaaaa..aaa. ....bbbbbbbb....
.........aaaa... .aabbbbbbbbbaaa. .aaaaaaa .abcbbcbbcbbcba. .aaaabbbaaaaaa.. ..bbbbAbbAbbbb..
.......bbaaa.... .abbbbccbbbbbba. .aaaaaaa .abbbbbbbbbbbba. ..aabbbaaabba... .bbbbAbbAbbbbbb.
......bbbba..... .abbbccwcbbbbba. .cecccec .aabbcbbcbbcbaa. ..aabbaaabbba... .bbbbbbbbbbbbbb.
......bbbb...... .abbbcwwcbbbbba. .ddddddd ..abbbbbbbbbba.. ..aabaaabbbba... .BbbBbbBBbbBbbB.
....aaabb....... .aabbbccbbbbbaa. .ddddddd ..aabbbcbbbbaa.. ..aaaaabbbbaaa.. .aaaaaaaaaaaaaa.
...aaaaa........ ..aabbbbbbbbaa.. .bbebbbb ...aabbbbbbaa... ..aaaabbbbaaaaa. .adaaddaaddaada.
...aaaa......... ...aaabbbbaaa... .aaaaaaa ....aaaaaaaa.... .aaa.aaaaa.aaaa. ..aaaaaaaaaaaa..
.dd.aa.......... .....aaaaaa..... ..aaaaaa ......aaaa...... .aa..........aa. ...aaaaaaaaaa...
.dd............. ---------------- -------- ---------------- ---------------- ----------------

croissant@4      bread@4          sushi@4  hotdog@5         sandwich@4
.......aaaa..... ......aaaaaa.... ..bbbbbb ................ .aaaaaaaaaaaaaa.
.....aaaAaaaa... ...aaaaaaaaaaa.. .bbbbbbb ..aaaaaaaaaaaa.. .aaaaaaaaaaaaaa.
....aAaaAaaAaa.. .aaaabaaaabaaaa. .bbbbbbb .aaaaaaaaaaaaaa. .eceeceeeceecee.
...aaAaaAaaAaaa. .aaabaaaabaaaaa. .bbbbbbb .bbcbbbbcbbbbcb. ..ccccccccccccc.
..AaaaaaaaaaAaa. .aabaaaabaaaaaa. ..wwwwwc .bcbbbcbbcbbcbb. .bbbbbbbbbbbbbb.
.aaAaaaaaaaaaAa. .aaaaaabaaaaaaa. .wwwwwwc .bbbbbbbbbbbbbb. .dddddddddddddd.
.aaaAaa..aaaaaa. .aaaaaaaaaaaaaa. .wwwwwwc .aaaaaaaaaaaaaa. .aaaaaaaaaaaaaa.
.aaaaa.....aaaa. ..aaaaaaaaaaaa.. .wwwwwwc ..aaaaaaaaaaaa.. ..aaaaaaaaaaaa..
.aaaa......aaaa. ...aaaaaaaaaa... ..wwwwwc ---------------- ----------------
..aa........aa.. ---------------- -------- ---------------- ----------------
""")

LEAVES = read_sheet("""
stalk@1  leaf@1           twig@1           sprig@0          crown@1
.......d .......dee...... ........dd...... .....e....e..... .......e
.......d .......deee..... .......dd....... ......ee.ee..... .....e.e
.......d .......d.e...... .......d........ .......de....... ....eeee
""")

TOPPINGS = read_sheet("""
sprinkles        seeds            stripes          spots            swirl
...c....c....c.. ................ cc....cc....cc.. ................ cccccc..........
.....c.....c.... ..c....c....c... .cc....cc....cc. ..cc.....cc..... ......ccccc.....
..c.....c....... ................ ..cc....cc....cc ..cc.....cc..... ...........ccccc
.......c...c..c. ....c....c....c. c..cc....cc....c ......cc.....cc. ................
.c...c.......... ................ cc..cc....cc.... ......cc.....cc. ccccc...........
........c..c.... ..c....c....c... .cc..cc....cc... ..cc.......c.... .....ccccccc....
...c.......c.c.. ................ ..cc..cc....cc.. .cccc...cc...... ............cccc
.c....c.c....... ....c....c....c. ...cc..cc....cc. ..cc....cc...... ................
....c......c..c. ................ c...cc..cc....cc ..........ccc... cccc............
..c....c........ ..c....c....c... cc...cc..cc....c ...cc......c.... ....cccccc......
.....c....c..c.. ................ .cc...cc..cc.... ...cc........... ..........cccc..
.c.......c...... ....c....c....c. ..cc...cc..cc... .........cc..... ..............cc
....c.......c... ................ ...cc...cc..cc.. .cc......cc..... ----------------
.......c..c..... ..c....c....c... ....cc...cc..cc. .cc..cc......... ----------------

drip
cccccccccccccccc
cccccccccccccccc
cccccccccccccccc
cccccccccccccccc
cccccccccccccccc
cc.ccc.cccc.cccc
cc.cc...cc..cc.c
.c.c.....c...c..
.c..............
""")
