import { expect, it } from 'vitest';
import { amountOf, dollars, tokens } from './money';

it('small costs are not told as nothing', () => {
  expect([0, 1_234, 12_340, 1_500_000, 1_234_567_890].map(dollars)).toEqual(['$0.00', '$0.0012', '$0.01', '$1.50', '$1,234.57']);
});

it('many tokens are told shortly', () => {
  expect([0, 9_999, 12_400, 2_340_000].map(tokens)).toEqual(['0', '9,999', '12k', '2.3M']);
});

it('a number is read with a comma too, and what is none is none', () => {
  expect(['0.5', ' 0,5 ', '12'].map(amountOf)).toEqual([0.5, 0.5, 12]);
  expect(['', 'abc', '1.000,5'].map(amountOf)).toEqual([NaN, NaN, NaN]);
});
