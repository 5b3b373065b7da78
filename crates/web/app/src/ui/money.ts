// Tokens, money and time as people say them.
import type { Amount, Budget, Usage } from '../api/generated/team6.schemas';
import { stopwatch } from './time';

/** A cost in US dollars; the smallest ones keep what tells them apart from nothing. */
export function dollars(micros: number): string {
  const digits = micros !== 0 && Math.abs(micros) < 10_000 ? 4 : 2;
  return `$${(micros / 1e6).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** How many, short from ten thousand on. */
export function tokens(many: number): string {
  if (many < 10_000) return many.toLocaleString('en');
  return many < 1e6 ? `${Math.round(many / 1_000)}k` : `${(many / 1e6).toFixed(1)}M`;
}

export function tokensOf({ input_tokens: read, output_tokens: written }: Usage): number {
  return read + written;
}

/** What a budget bounds, how it is said, and how many of its units make one of what people write. */
export const BOUNDS = [
  { field: 'tokens', name: 'Tokens', unit: 'thousand tokens', per: 1_000, say: tokens },
  { field: 'cost_micros', name: 'Cost', unit: 'US dollars', per: 1_000_000, say: dollars },
  { field: 'time_ms', name: 'Time of agents', unit: 'minutes', per: 60_000, say: stopwatch },
] as const satisfies readonly { field: keyof Budget & keyof Amount; [more: string]: unknown }[];

/** A number as people write it, also with a decimal comma; not a number if it is none. */
export function amountOf(text: string): number {
  return text.trim() === '' ? NaN : Number(text.trim().replace(',', '.'));
}
