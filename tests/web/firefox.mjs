// The page's main path in Firefox, driven by its own WebDriver BiDi: node firefox.mjs FIREFOX ADDRESS.
// Prints what was seen as one line of JSON.

import puppeteer from "puppeteer-core";

const [executablePath, address] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath, timeout: 120_000, protocolTimeout: 240_000 });
const page = await browser.newPage(), complaints = [];
page.setDefaultTimeout(240_000);
page.on("pageerror", error => complaints.push(error.message));
page.on("console", message => message.type() === "error" && complaints.push(message.text()));

const pixels = selector => page.$$eval(selector, all => all.map(one =>
  [...one.getContext("2d").getImageData(0, 0, one.width, one.height).data]));
const done = id => page.waitForFunction(`document.querySelector("${id}").textContent.includes(" · ")`);

await page.goto(`${address}/#draw?model=of-palettes&seed=3&n=3&label=disc`);
await done("#draw-status");
const drawn = await pixels("#sprites canvas");
await page.click("#sprites .tile:nth-child(2)");
await page.click("#edit");
await page.click("#ways .chip:nth-child(3)");
await page.focus("#easel");
for (const key of [" ", "ArrowRight", " "]) await page.keyboard.press(key);
const selected = await page.$eval("#edit-selected", one => one.textContent);
await page.$eval("#edit-count", one => (one.value = "2"));
await page.click("#edit-go");
await done("#edit-status");
const filled = await pixels("#edits canvas");
await page.click("#edits .tile:nth-child(1)");
await page.click("#edit-keep");
await page.goto(`${address}/#watch?model=tiny&seed=4&ddpm=4&ddim=3`);
await page.reload();
await page.waitForSelector("#paths svg");
const dots = (await page.$$("#paths .dot")).length;
await page.click("[data-place=draw]");
await page.waitForSelector("#kept canvas");
const kept = await pixels("#kept canvas");
console.log(JSON.stringify({ version: await browser.version(), drawn, selected, filled, dots, kept, complaints }));
await browser.close();
