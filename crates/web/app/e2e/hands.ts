// How people reach what is on a page: with a mouse, by keyboard alone, or with a finger on a phone.
import { type Locator, expect } from '@playwright/test';

export interface Hand {
  press(wanted: Locator): Promise<void>;
  /** Writes into a field; what stood there is gone. */
  write(wanted: Locator, text: string): Promise<void>;
}

export const MOUSE: Hand = {
  press: (wanted) => wanted.click(),
  write: (wanted, text) => wanted.fill(text),
};

export const FINGER: Hand = {
  press: (wanted) => wanted.tap(),
  async write(wanted, text) {
    await wanted.tap();
    await wanted.fill(text);
  },
};

export const KEYBOARD: Hand = {
  async press(wanted) {
    await tabTo(wanted);
    await wanted.page().keyboard.press('Enter');
  },
  async write(wanted, text) {
    await tabTo(wanted);
    await wanted.page().keyboard.press('Control+a');
    await wanted.page().keyboard.type(text);
  },
};

/** A phone, of which only what a browser knows of it is told. */
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Moves the focus on until something has it. */
export async function tabTo(wanted: Locator) {
  await expect(wanted).toBeVisible();
  for (let steps = 0; steps < 80; steps++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await wanted.page().keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not get to ${wanted}`);
}
