// Theme and density: chosen per browser, kept there, and set before the first paint by public/theme.js.
export const THEMES = ['system', 'light', 'dark'] as const;
export const DENSITIES = ['compact', 'normal', 'roomy'] as const;
export type Theme = (typeof THEMES)[number];
export type Density = (typeof DENSITIES)[number];

const system = () => matchMedia('(prefers-color-scheme: light)');

export function theme(): Theme {
  return THEMES.find((theme) => theme === localStorage.getItem('team6.theme')) ?? 'system';
}

export function setTheme(theme: Theme) {
  localStorage.setItem('team6.theme', theme);
  show();
}

export function density(): Density {
  return DENSITIES.find((density) => density === localStorage.getItem('team6.density')) ?? 'normal';
}

export function setDensity(density: Density) {
  localStorage.setItem('team6.density', density);
  document.documentElement.dataset.density = density;
}

/** Goes along when the system changes between light and dark. */
export function followSystem() {
  system().addEventListener('change', show);
}

function show() {
  const chosen = theme();
  const light = chosen === 'light' || (chosen === 'system' && system().matches);
  document.documentElement.dataset.theme = light ? 'light' : 'dark';
}
