import { expect, it } from 'vitest';
import { frameReader } from './frames';

const TEXT = ': alive\n\nid: 7\nevent: plan_saved\ndata: {"a":1}\n\ndata: one\ndata: two\r\n\r\n';

it('frames are the same however the text is cut', () => {
  const whole = frameReader()(TEXT);
  expect(whole).toEqual([
    { id: '7', event: 'plan_saved', data: '{"a":1}' },
    { id: null, event: 'message', data: 'one\ntwo' },
  ]);
  for (let cut = 1; cut < TEXT.length; cut += 1) {
    const read = frameReader();
    expect([...read(TEXT.slice(0, cut)), ...read(TEXT.slice(cut))]).toEqual(whole);
  }
});
