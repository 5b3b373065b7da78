// How code is coloured, in both themes: few hues, each readable on added and deleted lines too (theme.test.ts). Comments
// recede, what carries meaning does not shout; the accent and the colours of statuses are for other things.
export interface Palette {
  canvas: string;
  fg: string;
  comment: string;
  string: string;
  keyword: string;
  name: string;
  value: string;
  added: string;
  deleted: string;
}

export const PALETTES: Record<'light' | 'dark', Palette> = {
  light: {
    canvas: '#fbfbfc',
    fg: '#1d212b',
    comment: '#4d5462',
    string: '#0b5d4e',
    keyword: '#6d2b86',
    name: '#1f4f9e',
    value: '#7d4300',
    added: '#1f8a4c',
    deleted: '#c93a34',
  },
  dark: {
    canvas: '#0e1015',
    fg: '#e9ebf0',
    comment: '#b0b6c2',
    string: '#93d5c0',
    keyword: '#d5aeea',
    name: '#a6c4f8',
    value: '#e8bd85',
    added: '#3fae6c',
    deleted: '#d9605a',
  },
};

/** A theme as grammars colour by it. */
export function themeOf(type: 'light' | 'dark') {
  const colours = PALETTES[type];
  const rule = (foreground: string, ...scope: string[]) => ({ scope, settings: { foreground } });
  return {
    name: `team6-${type}`,
    type,
    colors: { 'editor.background': colours.canvas, 'editor.foreground': colours.fg },
    tokenColors: [
      { settings: { foreground: colours.fg, background: colours.canvas } },
      rule(colours.comment, 'comment', 'punctuation.definition.comment'),
      rule(colours.string, 'string', 'punctuation.definition.string', 'markup.inline.raw', 'markup.fenced_code'),
      rule(colours.keyword, 'keyword', 'storage', 'keyword.operator.new', 'entity.name.tag', 'markup.heading'),
      rule(colours.fg, 'keyword.operator', 'punctuation', 'variable'),
      rule(colours.name, 'entity.name', 'support.function', 'support.class', 'support.type', 'markup.underline.link'),
      rule(colours.value, 'constant', 'support.constant', 'entity.other.attribute-name', 'variable.language'),
    ],
  };
}
