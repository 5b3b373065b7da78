// A browser against the real server with the scripted agent: what is built is what is tested. `cargo build --bin team6`
// first; `cargo xtask web` does both.
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

// Without windows that nobody sees, a browser takes a third less; how fast pages are is told of the one that people have.
const CHROMIUM = [
  process.env.CHROMIUM,
  process.env.SPEED ? undefined : '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export default defineConfig({
  testDir: 'e2e',
  testMatch: process.env.SPEED ? '*speed.spec.ts' : '*.spec.ts',
  outputDir: 'test-results',
  // A server starts, and agents work, on a machine that may be busy.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  reporter: 'list',
  // What is fast is told by `npm run speed`, alone on a machine.
  testIgnore: process.env.SPEED ? [] : ['*speed.spec.ts'],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: CHROMIUM.find((path) => path !== undefined && existsSync(path)) },
    contextOptions: { reducedMotion: 'reduce' },
    // What records every step takes a third of the time, and frames from a page; `TRACE=1` to look into what failed.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    viewport: { width: 1280, height: 800 },
  },
});
