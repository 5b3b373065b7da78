// Every page on a phone, with a finger.
import { PHONE } from './hands.ts';
import { anywhere, wrongAnywhere } from './pages.ts';
import { type Page, expect, test } from './test.ts';

test.use(PHONE);

/** How high and how wide something must be that is pressed, in pixels; links within a sentence are as high as its lines. */
const LEAST = 44;
/** A bar of the timeline is as wide as its attempt took long, and no thinner than this. */
const BAR = 24;

/** What is too small, by how it is called. */
function small(page: Page): Promise<string[]> {
  return page.evaluate(
    ({ LEAST, BAR }) => {
      const pressed = 'a[href], button, summary, select, textarea, input, [role=button]';
      const isShown = (element: Element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      const inSentence = (element: Element) =>
        element.tagName === 'A' && [...(element.parentElement?.childNodes ?? [])].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      const target = (element: Element) => ((element as HTMLInputElement).type === 'checkbox' ? (element.closest('label') ?? element) : element);
      const wide = (element: Element) => (element.tagName === 'A' && element.closest('[aria-label="Timeline"]') ? BAR : LEAST);
      const found = [...document.querySelectorAll(pressed)].flatMap((element) => {
        // The graph is as large as one zooms it, and has the list beside it.
        if (!isShown(element) || inSentence(element) || element.closest('.react-flow__node, .react-flow__attribution')) return [];
        const { width, height, bottom } = target(element).getBoundingClientRect();
        // What is there for those who do not see it is a pixel, or comes from beyond the edge when a key reaches it.
        if (width <= 1 || height <= 1 || bottom < 0 || (height > LEAST - 0.5 && width > wide(element) - 0.5)) return [];
        const name = element.getAttribute('aria-label') ?? element.textContent ?? '';
        return [`${element.tagName.toLowerCase()} "${name.trim().slice(0, 40)}" ${Math.round(width)}x${Math.round(height)}`];
      });
      return [...new Set(found)];
    },
    { LEAST, BAR },
  );
}

test('every page is as sound on a phone, and whatever can be pressed is large enough for a finger', async ({ place, signedIn }) => {
  test.setTimeout(240_000);
  anywhere(place);
  expect(await wrongAnywhere(await signedIn(), place, small)).toEqual([]);
});
