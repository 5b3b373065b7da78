// Pictures of pages in both themes and widths, to be looked at: `npm run shots -- FOLDER /inbox /sprints`, with the app
// at APP_URL.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

const [folder = 'shots', ...paths] = process.argv.slice(2);
const url = process.env.APP_URL ?? 'http://127.0.0.1:4173';
const widths = (process.env.WIDTHS ?? '1280,390').split(',').map(Number);
const themes = (process.env.THEMES ?? 'dark,light').split(',');
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const theme of themes)
  for (const width of widths) {
    const context = await browser.newContext({
      viewport: { width, height: width < 768 ? 844 : 800 },
      hasTouch: width < 768,
      isMobile: width < 768,
    });
    if (process.env.TOKEN) {
      const signedIn = await context.request.post(`${url}/api/v1/sign-in`, { data: { token: process.env.TOKEN } });
      if (!signedIn.ok()) console.error(`sign-in: ${signedIn.status()}`);
    }
    await context.addInitScript((chosen) => localStorage.setItem('team6.theme', chosen), theme);
    for (const path of paths) {
      const page = await context.newPage();
      page.on('console', (message) => message.type() === 'error' && console.error(path, message.text()));
      page.on('pageerror', (error) => console.error(path, error));
      await page.goto(url + path);
      await page.waitForTimeout(1_200);
      await page.locator('[aria-label^="Loading"]').first().waitFor({ state: 'detached' });
      const name = path.replace(/[^\w]+/g, '-').replace(/^-|-$/g, '') || 'home';
      await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`) });
      await page.close();
    }
    await context.close();
  }
await browser.close();
